package edition

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
)

// wrong is an article that both its readers have, and the mail that brought it.
func (s *stage) wrong() (article, mail int64) {
	s.t.Helper()
	s.svc.Jobs = &recorder{}
	s.presses()
	for reader := range 2 {
		s.subscribe(2, reader, "instant")
	}
	article, _ = s.publish(2, 0)
	s.run(2)
	mail = s.latest()
	s.makeMail(mail)
	s.settle(0, "sent")
	s.settle(1, "sent")
	return article, mail
}

func (s *stage) latest() int64 {
	s.t.Helper()
	return int64(s.count(`SELECT max(id) FROM edition WHERE newsletter_id = $1`, s.letters[2]))
}

func (s *stage) makeMail(id int64) {
	s.t.Helper()
	if err := s.svc.Compose(s.t.Context(), id); err != nil {
		s.t.Fatal(err)
	}
}

// corrected mails a correction, without making its mail.
func (s *stage) corrected(article int64, nth int) (id int64) {
	s.t.Helper()
	s.clock.Advance(time.Minute)
	if n, err := s.correct(article, nth); err != nil || n != 2 {
		s.t.Fatalf("%d readers, %v", n, err)
	}
	return s.latest()
}

func (s *stage) cancelRest(id, want int64) {
	s.t.Helper()
	n, err := s.svc.Cancel(s.t.Context(), id, s.clock.Now().Add(DefaultCancelWait), locale.Message{Key: "reason.words", Name: "no"})
	if err != nil || n != want {
		s.t.Fatalf("%d cancelled, %v; want %d", n, err, want)
	}
}

// wantCorrected is what the archive's list and the page of the mail lead to, the
// newest first; 0: an article that was corrected, with nothing to lead to.
func (s *stage) wantCorrected(when string, mail int64, want ...int64) {
	s.t.Helper()
	list, _, err := s.svc.Archive(s.t.Context(), s.letters[2], 0, 10)
	if err != nil || len(list) != 1 {
		s.t.Fatalf("%s: %+v, %v", when, list, err)
	}
	switch a := list[0]; {
	case len(want) == 0 && a.CorrectedAt != nil:
		s.t.Errorf("%s: the list says it was corrected: %+v", when, a)
	case len(want) > 0 && (a.CorrectedAt == nil || a.CorrectionID != want[0]):
		s.t.Errorf("%s: the list leads to correction %d of %v, want %d", when, a.CorrectionID, a.CorrectedAt, want[0])
	}
	all, err := s.svc.CorrectedSince(s.t.Context(), mail)
	if err != nil {
		s.t.Fatal(err)
	}
	var got []int64
	for _, c := range all {
		got = append(got, c.EditionID)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("%s: the page of the mail leads to %v, want %v", when, got, want)
	}
}

// A correction that an editor cancelled stays in the archive if a reader has it
// or may have it, also once its deliveries were dropped.
func TestCancelledCorrectionInTheArchive(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	article, mail := s.wrong()
	for nth, state := range []string{"sent", "in doubt"} {
		id := s.corrected(article, nth)
		s.makeMail(id)
		s.do(`UPDATE delivery SET state = $3, settled_at = $4, doubts = CASE WHEN $3 = 'in doubt' THEN 1 ELSE 0 END
			WHERE edition_id = $1 AND subscriber_id = $2`, id, s.readers[0], state, s.clock.Now())
		s.cancelRest(id, 1)
	}
	first, second := s.latest()-1, s.latest()
	s.wantCorrected("one reader has each", mail, second, first)
	third := s.corrected(article, 2)
	s.makeMail(third)
	s.wantCorrected("on its way", mail, third, second, first)
	s.cancelRest(third, 2)
	s.wantCorrected("nobody has the last", mail, second, first)

	s.do(`UPDATE delivery SET state = 'sent' WHERE state = 'in doubt'`)
	s.clock.Advance(500 * 24 * time.Hour)
	if months, err := s.svc.Retain(t.Context()); err != nil || len(months) == 0 {
		t.Fatalf("dropped %v, %v", months, err)
	}
	s.wantCorrected("years later", mail, second, first)
}

// The archive says that an article was corrected while the correction waits for
// its readers, and leads to it once there is a mail.
func TestCorrectionWithoutAMailInTheArchive(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	article, mail := s.wrong()
	s.do(`UPDATE subscription SET paused_until = $1`, s.clock.Now().Add(48*time.Hour))
	first := s.corrected(article, 0)
	s.wantCorrected("all readers pause", mail, 0)
	s.makeMail(first)
	s.wantCorrected("its mail is made", mail, first)
	second := s.corrected(article, 1)
	s.wantCorrected("the second waits instead", mail, 0)
	s.cancelRest(second, 2)
	s.wantCorrected("nobody gets either", mail)
	if got := s.unsent(); got != 2 {
		t.Errorf("%d corrections are known to have reached nobody, want both", got)
	}
}

// unsent counts the corrections whose deliveries the archive need not ask.
func (s *stage) unsent() int {
	s.t.Helper()
	return s.count(`SELECT count(*) FROM edition WHERE unsent`)
}

// What is on the wire when its correction is cancelled may arrive yet: the archive has
// it once it has. Of one that never went it asks no delivery.
func TestCancelledCorrectionThatArrivesYet(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	article, mail := s.wrong()
	id := s.corrected(article, 0)
	s.makeMail(id)
	s.do(`UPDATE delivery SET state = 'sending', relay_id = 1, fence = 1 WHERE edition_id = $1 AND subscriber_id = $2`, id, s.readers[0])
	s.cancelRest(id, 1)
	s.wantCorrected("on the wire", mail)
	s.do(`UPDATE delivery SET state = 'sent', settled_at = $2 WHERE edition_id = $1 AND state = 'sending'`, id, s.clock.Now())
	s.wantCorrected("it has arrived", mail, id)
	if got := s.unsent(); got != 0 {
		t.Errorf("%d corrections are taken for unsent", got)
	}
	s.cancelRest(s.corrected(article, 1), 2)
	s.wantCorrected("the next one never went", mail, id)
	if got := s.unsent(); got != 1 {
		t.Errorf("%d corrections are known to have reached nobody, want the next one", got)
	}
	for _, q := range []struct {
		sql  string
		args pgx.StrictNamedArgs
	}{
		{sqlArchive, pgx.StrictNamedArgs{"newsletter": s.letters[2], "before": int64(0), "limit": 31}},
		{sqlCorrected, pgx.StrictNamedArgs{"edition": mail}},
	} {
		s.do(`UPDATE edition SET unsent = true WHERE kind = 'correction'`) // as if the first had not either
		rows, err := s.pool.Query(t.Context(), "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "+q.sql, q.args)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if strings.Contains(line, " on delivery_") && !strings.Contains(line, "never executed") {
				t.Errorf("deliveries are asked: %s", line)
			}
		}
	}
}

// In two languages a correction is one, in that of the mail it corrects.
func TestCorrectionInTwoLanguagesIsOne(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	article, mail := s.wrong()
	s.do(`UPDATE subscription SET locale = 'en' WHERE subscriber_id = $1`, s.readers[1])
	s.corrected(article, 0)
	in := func(locale string) int64 {
		return int64(s.count(`SELECT id FROM edition WHERE kind = 'correction' AND locale = $1`, locale))
	}
	s.makeMail(in("en"))
	s.wantCorrected("there is a mail in one of them", mail, in("en"))
	s.makeMail(in("uk"))
	all, err := s.svc.CorrectedSince(t.Context(), mail)
	if err != nil || len(all) != 1 || all[0].EditionID != in("uk") {
		t.Errorf("%+v, %v; want %d", all, err, in("uk"))
	}
}

// What became of a correction's mails is looked up by the month and the edition.
func TestCorrectionsAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ctx := t.Context()
	for _, q := range []struct {
		sql  string
		args pgx.StrictNamedArgs
	}{
		{sqlArchive, pgx.StrictNamedArgs{"newsletter": s.letters[2], "before": int64(0), "limit": 31}},
		{sqlCorrected, pgx.StrictNamedArgs{"edition": int64(1)}},
	} {
		rows, err := s.pool.Query(ctx, "EXPLAIN "+q.sql, q.args)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(lines, "\n")
		if !strings.Contains(plan, "Index Cond: ((month = c.month) AND (edition_id = c.id))") {
			t.Errorf("deliveries are not found by their key:\n%s", plan)
		}
	}
}

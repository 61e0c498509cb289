package edition

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// compose freezes the texts that the letter's open editions do not have yet.
func (s *stage) compose(letter int) {
	s.t.Helper()
	s.do(`INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments)
		SELECT id, 'k', $2, 'n@example.org', 'https://example.org', '' FROM edition WHERE newsletter_id = $1 AND state = 'open' ON CONFLICT DO NOTHING`,
		s.letters[letter], s.clock.Now())
}

func (s *stage) inTx(act func(tx pgx.Tx) error) {
	s.t.Helper()
	if err := postgres.InTx(s.t.Context(), s.pool, act); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) correct(article int64, nth int) (readers int64, err error) {
	s.t.Helper()
	err = postgres.InTx(s.t.Context(), s.pool, func(tx pgx.Tx) (err error) {
		readers, err = s.svc.Correct(s.t.Context(), tx, article, nth, "The bridge is 80 metres long, not 800.")
		return err
	})
	return readers, err
}

// mails lists what a reader's deliveries of these kinds are, by edition.
func (s *stage) mails(reader int, kind string) (states []string) {
	s.t.Helper()
	rows, err := s.pool.Query(s.t.Context(), `SELECT d.state FROM delivery d JOIN edition e ON e.id = d.edition_id
		WHERE d.subscriber_id = $1 AND e.kind = $2 ORDER BY e.id`, s.readers[reader], kind)
	if err != nil {
		s.t.Fatal(err)
	}
	if states, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		s.t.Fatal(err)
	}
	return states
}

func (s *stage) wantMails(reader int, kind string, want ...string) {
	s.t.Helper()
	got := s.mails(reader, kind)
	if len(got) != len(want) {
		s.t.Errorf("reader %d has %s mails %q, want %q", reader, kind, got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			s.t.Errorf("reader %d has %s mails %q, want %q", reader, kind, got, want)
			return
		}
	}
}

func (s *stage) settle(reader int, state string) {
	s.t.Helper()
	s.do(`UPDATE delivery SET state = $2, settled_at = $3, doubts = CASE WHEN $2 = 'in doubt' THEN 1 ELSE 0 END WHERE subscriber_id = $1 AND state = 'queued'`, s.readers[reader], state, s.clock.Now())
}

func TestCorrection(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.svc.Jobs = &recorder{}
	const had, doubtful, queued, left, paused, digest = 0, 1, 2, 3, 4, 5
	for reader := range digest {
		s.subscribe(2, reader, "instant")
	}
	s.subscribe(2, digest, "daily")
	article, _ := s.publish(2, 0)
	s.run(2)
	s.compose(2)
	s.settle(had, "sent")
	s.settle(doubtful, "in doubt")
	s.settle(left, "sent")
	s.settle(paused, "sent")
	s.clock.Advance(time.Minute)
	s.do(`UPDATE subscription SET state = 'ended', ended_at = $2 WHERE subscriber_id = $1`, s.readers[left], s.clock.Now())
	until := s.clock.Now().Add(time.Hour)
	s.do(`UPDATE subscription SET paused_until = $2 WHERE subscriber_id = $1`, s.readers[paused], until)
	s.do(`UPDATE article SET updated_at = $2 WHERE id = $1`, article, s.clock.Now())
	s.clock.Advance(time.Second)

	if n, err := s.correct(article, 0); err != nil || n != 3 {
		t.Fatalf("%d readers, %v; want 3", n, err)
	}
	if _, err := s.correct(article, 0); !errors.Is(err, ErrRepeated) {
		t.Errorf("the same press twice: %v", err)
	}
	s.wantMails(had, Correction, "queued")
	s.wantMails(doubtful, Correction, "queued")
	s.wantMails(paused, Correction, "deferred")
	s.wantMails(left, Correction)
	s.wantMails(queued, Correction)
	if c := s.composed(s.presses(), 2); c.Kind != mailer.Correction || !strings.Contains(c.Note, "80 metres") || len(c.Articles) != 1 {
		t.Errorf("the mail is %+v", c)
	}
	s.want("put off until the pause ends", s.count(`SELECT count(*) FROM delivery WHERE subscriber_id = $1 AND state = 'deferred' AND due_at = $2`, s.readers[paused], until), 1)

	// Who had nothing yet gets the text of now, once and without a note.
	s.run(2)
	s.wantMails(queued, "instant", "cancelled", "queued")
	s.wantMails(had, "instant", "sent")
	s.clock.Advance(24 * time.Hour)
	s.run(2)
	s.wantMails(digest, "daily", "queued")
	s.compose(2)
	s.settle(digest, "sent")
	s.settle(queued, "sent")

	// Another correction: the text of now is the one that is wrong.
	s.do(`UPDATE article SET updated_at = $2 WHERE id = $1`, article, s.clock.Now().Add(time.Second))
	s.clock.Advance(time.Minute)
	if n, err := s.correct(article, 1); err != nil || n != 5 {
		t.Fatalf("%d readers of the second correction, %v; want 5", n, err)
	}
	if c, err := s.svc.Corrections(t.Context(), article); err != nil || c.N != 2 || c.Edited {
		t.Errorf("%+v, %v", c, err)
	}
	s.want("owed", s.count(owedRows, s.letters[2]), 0)
}

// Whoever has the text of now is told of no mistake, unless it stands there too:
// without an edit the words alone go to everybody who has the article.
func TestWhoHasTheWrongText(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.svc.Jobs = &recorder{}
	s.subscribe(2, 0, "instant")
	s.subscribe(2, 1, "daily")
	article, _ := s.publish(2, 0)
	mailed := func(nth int, edited bool, want int64) {
		t.Helper()
		s.clock.Advance(time.Minute)
		if c, err := s.svc.Corrections(t.Context(), article); err != nil || c.N != nth || c.Edited != edited {
			t.Errorf("%+v, %v; want %d, edited %t", c, err, nth, edited)
		}
		if n, err := s.correct(article, nth); err != nil || n != want {
			t.Errorf("%d readers, %v; want %d", n, err, want)
		}
	}
	s.run(2)
	s.compose(2)
	s.settle(0, "sent")
	mailed(0, false, 1)
	s.do(`UPDATE article SET updated_at = $2 WHERE id = $1`, article, s.clock.Now().Add(time.Second))
	s.clock.Advance(24 * time.Hour)
	s.run(2)
	s.compose(2)
	s.settle(1, "sent")
	mailed(1, true, 1)
	mailed(2, false, 2)
}

// Whoever catches up after a correction gets no text from before it.
func TestNobodyMoreGetsTheWrongText(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.svc.Jobs = &recorder{}
	for reader := range 2 {
		s.subscribe(2, reader, "instant")
	}
	s.do(`UPDATE subscription SET paused_until = $2 WHERE subscriber_id = $1`, s.readers[1], s.clock.Now().Add(time.Hour))
	article, _ := s.publish(2, 0)
	s.run(2)
	s.compose(2)
	s.settle(0, "sent")
	s.do(`UPDATE edition SET state = 'settled'`)
	s.clock.Advance(time.Minute)
	if n, err := s.correct(article, 0); err != nil || n != 1 {
		t.Fatalf("%d readers, %v", n, err)
	}
	s.clock.Advance(2 * time.Hour)
	s.run(2)
	s.wantMails(1, "instant", "queued")
	s.want("texts of before the correction that go out", s.count(`SELECT count(*) FROM delivery d JOIN edition_body b USING (edition_id)
		WHERE d.state = 'queued' AND d.subscriber_id = $1`, s.readers[1]), 0)
}

// A cancelled correction is owed to nobody; a failed one is queued again.
func TestCorrectionIsNeverOwed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.svc.Jobs = &recorder{}
	s.subscribe(2, 0, "instant")
	article, _ := s.publish(2, 0)
	s.run(2)
	s.compose(2)
	s.settle(0, "sent")
	s.clock.Advance(time.Minute)
	if _, err := s.correct(article, 0); err != nil {
		t.Fatal(err)
	}
	list, _, err := s.svc.List(t.Context(), Filter{})
	if err != nil || list[0].Kind != Correction {
		t.Fatalf("%+v, %v", list, err)
	}
	s.settle(0, "failed")
	if n, err := s.svc.Retry(t.Context(), list[0].ID); err != nil || n != 1 {
		t.Errorf("%d tried again, %v", n, err)
	}
	s.wantMails(0, Correction, "queued")
	if n, err := s.svc.Cancel(t.Context(), list[0].ID, s.clock.Now(), locale.Message{Key: "reason.words", Name: "no"}); err != nil || n != 1 {
		t.Errorf("%d cancelled, %v", n, err)
	}
	s.want("owed", s.count(owedRows, s.letters[2]), 0)
	s.clock.Advance(time.Hour)
	s.run(2)
	s.wantMails(0, Correction, "cancelled")
	s.wantMails(0, "instant", "sent")
}

func TestMailAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.svc.Jobs = &recorder{}
	const had, failed, ahead, late, daily, gone, other = 0, 1, 2, 3, 4, 5, 6
	s.subscribe(2, had, "instant")
	s.subscribe(2, failed, "instant")
	s.subscribe(2, daily, "daily")
	article, _ := s.publish(2, 0)
	s.run(2)
	s.settle(had, "sent")
	s.settle(failed, "failed")
	s.do(`UPDATE delivery SET tries = 12 WHERE state = 'failed'`)
	s.subscribe(2, late, "instant")
	s.subscribe(2, gone, "instant")
	s.subscribe(2, other, "instant")
	s.do(`UPDATE subscription SET topics = ARRAY['elsewhere'] WHERE subscriber_id = $1`, s.readers[other])
	s.do(`INSERT INTO suppression (address_hash, reason, at) SELECT address_hash, 'hard bounce', $2 FROM subscriber WHERE id = $1`, s.readers[gone], s.clock.Now())
	s.clock.Advance(time.Minute)
	again := func() (readers int64) {
		t.Helper()
		s.inTx(func(tx pgx.Tx) (err error) {
			readers, err = s.svc.MailAgain(t.Context(), tx, article)
			return err
		})
		return readers
	}
	s.want("owed to who failed and who came later; the digest has it ahead", int(again()), 2)
	s.want("owed by a second press", int(again()), 0)
	s.run(2)
	s.want("owed after they got it", int(again()), 0)
	s.wantMails(had, "instant", "sent")
	s.wantMails(failed, "instant", "queued")
	s.wantMails(late, "instant", "queued")
	s.wantMails(ahead, "instant")
	s.want("tries that count on", s.count(`SELECT coalesce(max(tries), 0) FROM delivery WHERE state = 'queued'`), 0)
	s.inTx(func(tx pgx.Tx) error { _, err := s.svc.Withdraw(t.Context(), tx, article); return err })
	err := postgres.InTx(t.Context(), s.pool, func(tx pgx.Tx) error {
		_, err := s.svc.MailAgain(t.Context(), tx, article)
		return err
	})
	if !errors.Is(err, ErrState) {
		t.Errorf("a withdrawn article: %v", err)
	}
	if _, err := s.correct(article, 0); !errors.Is(err, ErrState) {
		t.Errorf("a withdrawn article corrected: %v", err)
	}
}

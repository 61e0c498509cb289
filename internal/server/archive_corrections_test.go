package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/locale"
	"vistka/internal/postgres"
)

type noJobs struct{}

func (noJobs) InsertTx(context.Context, pgx.Tx, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	return &rivertype.JobInsertResult{}, nil
}

// deliver says what became of an edition's mails to all readers but the last.
func (s *site) deliver(edition int64) {
	s.t.Helper()
	s.exec(fmt.Sprintf(`UPDATE delivery SET state = 'sent', due_at = NULL, settled_at = now() WHERE edition_id = %d AND subscriber_id < (SELECT max(id) FROM subscriber)`, edition))
}

// corrected mails a correction of the only article, without making its mail.
func (s *site) corrected(nth int) (id int64) {
	s.t.Helper()
	s.clock.Advance(day)
	err := postgres.InTx(s.t.Context(), s.pool, func(tx pgx.Tx) error {
		if n, err := s.editions.Correct(s.t.Context(), tx, 1, nth, fmt.Sprintf("Mistake %d.", nth)); err != nil || n == 0 {
			return fmt.Errorf("%d readers, %w", n, err)
		}
		return tx.QueryRow(s.t.Context(), "SELECT max(id) FROM edition").Scan(&id)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// The page of a mail leads to each correction that somebody has, the newest
// first, and says at once that there is one more, before there is a mail of it.
func TestArchiveHasEachCorrection(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.editions.Jobs = noJobs{}
	s.release(1, time.Hour)
	s.subscribed("nadia@example.org")
	s.subscribed("petro@example.org")
	s.exec(`UPDATE subscription SET locale = 'en'`)
	mail := s.composed("instant", "en", "", 1)
	s.exec(`INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state, settled_at)
		SELECT e.month, e.id, s.subscriber_id, s.newsletter_id, s.provider_id, 'sent', e.created_at FROM edition e CROSS JOIN subscription s`)
	first := s.corrected(0)
	if err := s.editions.Compose(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	s.deliver(first)
	if n, err := s.editions.Cancel(t.Context(), first, s.clock.Now(), locale.Message{Key: "reason.words", Name: "no"}); err != nil || n != 1 {
		t.Fatalf("%d cancelled, %v", n, err)
	}
	s.corrected(1) // its readers have not got it yet
	wantLines := func(path string, want ...string) {
		t.Helper()
		var got []string
		for _, line := range s.get(path).doc.Find("main time[datetime]:not(.kicker time)").EachIter() {
			words := line.Text()
			if a := line.Closest("a"); a.Length() == 1 {
				words += " " + a.AttrOr("href", "")
			}
			got = append(got, words)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	firstPath := fmt.Sprintf("/archive/watch/%d", first)
	wantLines(mail, "Corrected on 26 November 2026", "Corrected on 25 November 2026 "+firstPath)
	wantLines(mail+"?lang=uk", "Виправлено 26 листопада 2026\u00a0р.", "Виправлено 25 листопада 2026\u00a0р. "+firstPath)
	wantLines("/archive/watch", "Corrected on 26 November 2026")
	if feed := s.get("/archive/watch/feed.xml"); !strings.Contains(feed.body, "<summary>Corrected on 26 November 2026. ") || strings.Contains(feed.body, `rel="related"`) {
		t.Errorf("the feed leads to a page that is not there: %s", feed.body)
	}
	if err := s.editions.Compose(t.Context(), first+1); err != nil {
		t.Fatal(err)
	}
	secondPath := fmt.Sprintf("/archive/watch/%d", first+1)
	wantLines("/archive/watch", "Corrected on 26 November 2026 "+secondPath)
	for path, words := range map[string]string{firstPath: "Mistake 0.", secondPath: "Mistake 1."} {
		if got := s.get(path); got.text("section h2 + p") != words {
			t.Errorf("%s: %s", path, got.text("main"))
		}
	}
	s.exec(`UPDATE edition SET slot = slot + interval '23 hours' WHERE note = 'Mistake 0.'`)
	wantLines(mail, "Corrected on 26 November 2026, 09:00 UTC "+secondPath, "Corrected on 26 November 2026, 08:00 UTC "+firstPath)
}

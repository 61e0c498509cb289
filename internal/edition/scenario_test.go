package edition

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/locale"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// stage is a world without chance: articles are written by hand.
type stage struct {
	*world
	t *testing.T
}

func newStage(t *testing.T) *stage {
	t.Helper()
	w, err := newWorld(t.Context(), pgtest.New(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	w.svc.pageSize, w.svc.MaxAge = 100, 0
	s := &stage{w, t}
	s.do(`UPDATE subscriber SET locale = 'uk', translations = 'wait' WHERE id = ANY ($1)`, w.readers)
	return s
}

func (s *stage) do(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatal(err)
	}
}

// subscribe joins reader to letter (by index) at eight in Kyiv.
func (s *stage) subscribe(letter, reader int, cadence string) {
	s.t.Helper()
	s.do(`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, due_at, provider_id, created_at)
		SELECT n.id, r.id, 'active', $3, 'uk', 'Europe/Kyiv', 8, n.last_seq, next_slot($3, 'Europe/Kyiv', 8::int2, $4), r.provider_id, $4
		FROM newsletter n, subscriber r WHERE n.id = $1 AND r.id = $2`, s.letters[letter], s.readers[reader], cadence, s.clock.Now())
}

// publish releases an article; story 0 makes a new one.
func (s *stage) publish(letter int, story int64) (article, newStory int64) {
	s.t.Helper()
	if story == 0 {
		if err := s.pool.QueryRow(s.t.Context(), `INSERT INTO story DEFAULT VALUES RETURNING id`).Scan(&story); err != nil {
			s.t.Fatal(err)
		}
	}
	err := s.pool.QueryRow(s.t.Context(), `WITH n AS (UPDATE newsletter SET last_seq = last_seq + 1 WHERE id = $1 RETURNING id, last_seq)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT id, $2, 'https://example.org/a', 'T' || last_seq, $3, $3, 'released', '{"key": "reason.words"}', last_seq, $3 FROM n RETURNING id`,
		s.letters[letter], story, s.clock.Now()).Scan(&article)
	if err != nil {
		s.t.Fatal(err)
	}
	return article, story
}

func (s *stage) run(letter int) Result {
	s.t.Helper()
	r, err := s.svc.FanOut(s.t.Context(), s.letters[letter])
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *stage) count(sql string, args ...any) int {
	s.t.Helper()
	var n int
	if err := s.pool.QueryRow(s.t.Context(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *stage) want(what string, got, want int) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: %d, want %d", what, got, want)
	}
}

const (
	inState  = `SELECT count(*) FROM delivery WHERE newsletter_id = $1 AND state = $2`
	owedRows = `SELECT count(*) FROM owed WHERE newsletter_id = $1`
)

// queuedSibling: the story is queued in Ukrainian, the English fan-out runs,
// then the reader leaves the Ukrainian newsletter. It returns how many English
// mails came of it.
// A translation is waited for only where the newsletters share stories:
// elsewhere none would be known to have come.
func TestLateSlotMergesIntoTheNext(t *testing.T) {
	t.Parallel()
	s := newStage(t) // 08:30 in Kyiv on 27 March
	s.subscribe(2, 0, "daily")
	s.publish(2, 0)
	s.clock.Set(time.Date(2026, 3, 28, 12, 0, 1, 0, time.UTC)) // six hours and a second late
	s.publish(2, 0)
	r := s.run(2)
	s.want("skipped", int(r.Skipped), 1)
	s.want("mails", int(r.Deliveries), 0)
	s.clock.Set(time.Date(2026, 3, 29, 5, 0, 0, 0, time.UTC)) // eight in summer time
	s.publish(2, 0)                                           // at the slot itself
	s.clock.Advance(time.Second)
	s.publish(2, 0) // after it
	s.run(2)
	s.want("articles in the digest", s.count(`SELECT cardinality(article_ids) FROM edition WHERE newsletter_id = $1`, s.letters[2]), 3)
	s.want("next slot is a day on", s.count(`SELECT count(*) FROM subscription WHERE newsletter_id = $1 AND due_at = '2026-03-30 05:00+00'`, s.letters[2]), 1)
}

func TestTwoReleasesAreTwoMails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "instant")
	s.subscribe(2, 1, "daily")
	s.publish(2, 0)
	s.clock.Advance(time.Second)
	s.publish(2, 0)
	s.run(2)
	s.want("instant mails", s.count(inState, s.letters[2], "queued"), 2)
	s.do(`UPDATE subscription SET cadence = 'instant', due_at = NULL WHERE subscriber_id = $1`, s.readers[1])
	s.run(2)
	s.want("one more for both to the reader who switched", s.count(inState, s.letters[2], "queued"), 3)
	s.want("instant readers have no slot", s.count(`SELECT count(*) FROM subscription WHERE due_at IS NOT NULL AND newsletter_id = $1`, s.letters[2]), 0)
}

func TestCancelAndSendLater(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for reader := range 3 {
		s.subscribe(2, reader, "instant")
	}
	s.publish(2, 0)
	s.run(2)
	list, next, err := s.svc.List(t.Context(), Filter{NewsletterID: s.letters[2]})
	if err != nil || len(list) != 1 || next != 0 {
		t.Fatalf("editions %v, next %d, %v", list, next, err)
	}
	s.do(`UPDATE delivery SET state = 'sent' WHERE subscriber_id = $1`, s.readers[0])
	gone, err := s.svc.Cancel(t.Context(), list[0].ID, s.clock.Now().Add(time.Hour), locale.Message{Key: "reason.words"})
	if err != nil || gone != 2 {
		t.Fatalf("cancelled %d, %v", gone, err)
	}
	counts, err := s.svc.Counts(t.Context(), []int64{list[0].ID})
	if err != nil || counts[list[0].ID]["sent"] != 1 || counts[list[0].ID]["cancelled"] != 2 {
		t.Fatalf("counts %v, %v", counts, err)
	}
	if _, err := s.svc.Cancel(t.Context(), list[0].ID, s.clock.Now(), locale.Message{Key: "reason.words"}); !errors.Is(err, ErrState) {
		t.Errorf("cancelled twice: %v", err)
	}
	if err := s.svc.Pause(t.Context(), list[0].ID+1000, locale.Message{Key: "reason.words"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("paused what is not there: %v", err)
	}
	s.run(2)
	s.want("queued before the time", s.count(inState, s.letters[2], "queued"), 0)
	s.clock.Advance(time.Hour)
	s.run(2)
	s.want("queued after it", s.count(inState, s.letters[2], "queued"), 2)
	s.want("editions", s.count(`SELECT count(*) FROM edition WHERE newsletter_id = $1`, s.letters[2]), 2)
	s.want("owed", s.count(owedRows, s.letters[2]), 0)
}

// What was on the wire when its article was withdrawn and came back refused is
// not tried again; released again, the article goes out with its text of then.
func TestWithdrawnWhileOnTheWire(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "instant")
	article, _ := s.publish(2, 0)
	s.run(2)
	s.do(`UPDATE delivery SET state = 'sending' WHERE newsletter_id = $1`, s.letters[2])
	act := func(f func(tx pgx.Tx) error) {
		t.Helper()
		if err := postgres.InTx(t.Context(), s.pool, f); err != nil {
			t.Fatal(err)
		}
	}
	act(func(tx pgx.Tx) error { _, err := s.svc.Withdraw(t.Context(), tx, article); return err })
	s.want("editions that may be sent", s.count(`SELECT count(*) FROM edition WHERE newsletter_id = $1 AND state = 'open'`, s.letters[2]), 0)
	s.do(`UPDATE delivery SET state = 'deferred', due_at = $2 WHERE newsletter_id = $1`, s.letters[2], s.clock.Now())
	s.svc.Jobs = &recorder{}
	if err := s.svc.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.want("cancelled", s.count(inState, s.letters[2], "cancelled"), 1)
	s.want("owed", s.count(owedRows, s.letters[2]), 0)
	s.clock.Advance(time.Hour)
	act(func(tx pgx.Tx) error { _, err := s.svc.ReleaseAgain(t.Context(), tx, article); return err })
	s.run(2)
	s.want("queued", s.count(inState, s.letters[2], "queued"), 1)
	s.want("editions", s.count(`SELECT count(*) FROM edition WHERE newsletter_id = $1`, s.letters[2]), 2)
}

func TestWithdrawnFromADigest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "daily")
	first, _ := s.publish(2, 0)
	s.publish(2, 0)
	s.clock.Set(time.Date(2026, 3, 28, 6, 0, 0, 0, time.UTC))
	s.run(2)
	err := postgres.InTx(t.Context(), s.pool, func(tx pgx.Tx) error {
		gone, err := s.svc.Withdraw(t.Context(), tx, first)
		s.want("cancelled", int(gone), 1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Minute)
	s.run(2)
	s.want("queued with the rest, for the same slot", s.count(`SELECT count(*) FROM delivery d JOIN edition e ON e.id = d.edition_id
		WHERE d.state = 'queued' AND cardinality(e.article_ids) = 1 AND e.slot = '2026-03-28 06:00+00' AND e.newsletter_id = $1`, s.letters[2]), 1)
}

// recorder is River's client to this package's tests.
type recorder struct{ jobs []river.JobArgs }

func (r *recorder) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	r.jobs = append(r.jobs, args)
	return &rivertype.JobInsertResult{}, nil
}

// A page that went away between release and slot is left out of the digest;
// an instant edition does not ask again.
func TestGonePageLeavesTheDigest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "daily")
	s.subscribe(2, 1, "instant")
	stays, _ := s.publish(2, 0)
	gone, _ := s.publish(2, 0)
	asked := map[int64]int{}
	var mu sync.Mutex
	s.svc.DropIfGone = func(ctx context.Context, id int64) (bool, error) {
		mu.Lock()
		asked[id]++
		mu.Unlock()
		if id != gone {
			return false, nil
		}
		return true, postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			_, err := s.svc.Withdraw(ctx, tx, id)
			return err
		})
	}
	s.run(2)
	s.want("asked before the slot", len(asked), 0)
	s.clock.Advance(24 * time.Hour)
	s.run(2)
	if asked[stays] != 1 || asked[gone] != 1 {
		t.Errorf("pages asked: %v", asked)
	}
	s.want("digests with what is left", s.count(`SELECT count(*) FROM edition WHERE newsletter_id = $1 AND kind = 'daily' AND article_ids = $2`,
		s.letters[2], []int64{stays}), 1)
	s.want("digests", s.count(`SELECT count(*) FROM edition WHERE newsletter_id = $1 AND kind = 'daily'`, s.letters[2]), 1)
}

func TestTickFindsWhatIsDue(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	jobs := &recorder{}
	s.svc.Jobs = jobs
	tick := func(what string, want int) {
		t.Helper()
		jobs.jobs = nil
		if err := s.svc.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.want(what, len(jobs.jobs), want)
	}
	s.subscribe(2, 0, "instant")
	s.subscribe(2, 1, "daily")
	tick("nothing to do", 0)
	a, _ := s.publish(2, 0)
	tick("released, nobody fanned it out", 1)
	s.run(2)
	tick("fanned out", 0)
	s.do(`INSERT INTO owed VALUES ($1, $2, $3, $4, 'test')`, s.letters[2], s.readers[0], a, s.clock.Now())
	tick("owed to an instant reader", 1)
	s.run(2)
	s.do(`UPDATE subscription SET due_at = NULL`)
	tick("a lost slot is found again", 0)
	s.want("readers without a slot", s.count(`SELECT count(*) FROM subscription WHERE cadence = 'daily' AND due_at IS NULL`), 0)
	s.clock.Advance(24 * time.Hour)
	tick("a slot", 1)
	s.run(2)
	s.do(`UPDATE subscription SET paused_until = $1 WHERE cadence = 'instant'`, s.clock.Now().Add(time.Hour))
	s.publish(2, 0)
	s.run(2)
	tick("paused", 0)
	s.clock.Advance(time.Hour)
	tick("the pause is over", 1)
	if raw, err := json.Marshal(jobs.jobs[0]); err != nil || len(raw) > 60 {
		t.Errorf("job %s, %v: ids only", raw, err)
	}
}

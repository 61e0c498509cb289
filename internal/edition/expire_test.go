package edition

import (
	"errors"
	"testing"
	"time"

	"vistka/internal/locale"
)

// only is the one edition of a letter.
func (s *stage) only(letter int) Edition {
	s.t.Helper()
	list, _, err := s.svc.List(s.t.Context(), Filter{NewsletterID: s.letters[letter]})
	if err != nil || len(list) != 1 {
		s.t.Fatalf("editions %+v, %v", list, err)
	}
	return list[0]
}

func (s *stage) expired() int {
	s.t.Helper()
	n, err := s.svc.ExpireStale(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// An instant edition that was held up for longer than MaxAge is taken back; the
// reader gets its article at the newsletter's next daily slot, in a new edition
// which has its own time to go out.
func TestExpire(t *testing.T) {
	t.Parallel()
	s := newStage(t) // 08:30 in Kyiv on 27 March
	s.svc.Jobs = &recorder{}
	s.do(`UPDATE newsletter SET timezone = 'Europe/Kyiv', hour = 8`)
	for reader := range 4 {
		s.subscribe(2, reader, "instant")
	}
	s.publish(2, 0)
	s.run(2)
	id := s.only(2).ID
	s.do(`UPDATE delivery SET state = 'sent' WHERE subscriber_id = $1`, s.readers[0])
	s.do(`UPDATE delivery SET state = 'deferred', tries = 3, due_at = $2 WHERE subscriber_id = $1`, s.readers[1], s.clock.Now())
	s.do(`UPDATE delivery SET state = 'in doubt', doubts = 1, due_at = $2 WHERE subscriber_id = $1`, s.readers[2], s.clock.Now())
	s.clock.Advance(DefaultMaxAge)
	s.want("expired in its time", s.expired(), 0)
	s.clock.Advance(time.Second)
	if err := s.svc.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, err := s.svc.Get(t.Context(), id)
	next := time.Date(2026, 3, 31, 5, 0, 0, 0, time.UTC) // eight in summer time
	if err != nil || e.State != "expired" || e.Reason == nil || e.ResumeAt == nil || !e.ResumeAt.Equal(next) {
		t.Fatalf("%+v, %v", e, err)
	}
	s.want("cancelled", s.count(inState, s.letters[2], "cancelled"), 2)
	s.want("held", s.count(`SELECT count(*) FROM delivery WHERE state = 'in doubt' AND due_at IS NULL AND newsletter_id = $1`, s.letters[2]), 1)
	s.want("owed", s.count(owedRows, s.letters[2]), 2)
	s.run(2)
	s.want("queued before the slot", s.count(inState, s.letters[2], "queued"), 0)
	s.clock.Set(next)
	s.run(2)
	s.want("queued at the slot", s.count(inState, s.letters[2], "queued"), 2)
	s.want("expired again", s.expired(), 0)
	s.want("owed at the end", s.count(owedRows, s.letters[2]), 0)
}

// A digest's reader gets what expired in the very next digest; a weekly digest
// has a week.
func TestExpiredDigest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "daily")
	s.subscribe(2, 1, "weekly")
	s.publish(2, 0)
	s.clock.Set(time.Date(2026, 3, 30, 5, 0, 0, 0, time.UTC)) // a Monday
	s.run(2)
	s.want("digests", s.count(inState, s.letters[2], "queued"), 2)
	s.clock.Advance(DefaultMaxAge + time.Minute)
	s.want("expired: the daily one", s.expired(), 1)
	s.clock.Set(time.Date(2026, 4, 3, 5, 0, 0, 0, time.UTC))
	s.run(2)
	s.want("in the next daily digest", s.count(`SELECT count(*) FROM delivery d JOIN edition e ON e.id = d.edition_id
		WHERE d.state = 'queued' AND e.kind = 'daily' AND e.slot = '2026-04-03 05:00+00' AND e.newsletter_id = $1`, s.letters[2]), 1)
	s.clock.Set(time.Date(2026, 4, 6, 5, 1, 0, 0, time.UTC))
	s.want("expired after a week, and the daily one again", s.expired(), 2)
}

// What a person paused stays until that person resumes it; then it is too late
// to go out as it is.
func TestPausedAndStale(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "instant")
	s.publish(2, 0)
	s.run(2)
	id := s.only(2).ID
	resume := func() Edition {
		t.Helper()
		if err := s.svc.Pause(t.Context(), id, locale.Message{Key: "reason.words", Name: "a wrong name"}); err != nil {
			t.Fatal(err)
		}
		s.want("expired", s.expired(), 0)
		e, err := s.svc.Resume(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	s.clock.Advance(DefaultMaxAge)
	if e := resume(); e.State != "open" || e.Reason != nil {
		t.Errorf("resumed in time: %+v", e)
	}
	s.clock.Advance(time.Hour)
	if e := resume(); e.State != "expired" {
		t.Errorf("resumed too late: %+v", e)
	}
	s.want("owed", s.count(owedRows, s.letters[2]), 1)
	if _, err := s.svc.Resume(t.Context(), id); !errors.Is(err, ErrState) {
		t.Errorf("resumed again: %v", err)
	}
}

// A reader who catches up opens an old edition again: it has its time anew.
func TestReopenedIsNotStale(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "instant")
	s.subscribe(2, 1, "instant")
	s.do(`UPDATE subscription SET paused_until = $2 WHERE subscriber_id = $1`, s.readers[1], s.clock.Now().Add(30*24*time.Hour))
	s.publish(2, 0)
	s.run(2)
	s.do(`UPDATE delivery SET state = 'sent'`)
	s.do(`UPDATE edition SET state = 'settled'`)
	s.clock.Advance(31 * 24 * time.Hour)
	s.run(2)
	s.want("queued to who was away", s.count(inState, s.letters[2], "queued"), 1)
	s.want("expired", s.expired(), 0)
	s.only(2)
}

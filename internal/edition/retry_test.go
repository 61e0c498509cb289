package edition

import (
	"errors"
	"testing"
)

// Only readers who are still there get what failed; it is owed, and the fan-out
// that is asked for in the same transaction queues it again.
func TestRetryTheFailed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	jobs := &recorder{}
	s.svc.Jobs = jobs
	for reader := range 3 {
		s.subscribe(2, reader, "instant")
	}
	s.publish(2, 0)
	s.run(2)
	id := int64(s.count(`SELECT id FROM edition WHERE newsletter_id = $1`, s.letters[2]))
	s.do(`UPDATE delivery SET state = CASE WHEN subscriber_id = $2 THEN 'sent' ELSE 'failed' END WHERE newsletter_id = $1`, s.letters[2], s.readers[2])
	s.do(`UPDATE subscription SET state = 'ended', ended_at = $2 WHERE subscriber_id = $1`, s.readers[1], s.clock.Now())
	for _, want := range []int{1, 0} { // a second press finds nothing

		readers, err := s.svc.Retry(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		s.want("readers", int(readers), want)
		s.want("owed", s.count(owedRows, s.letters[2]), 1)
		s.want("fan-outs asked for", len(jobs.jobs), 1)
		s.want("still failed", s.count(inState, s.letters[2], "failed"), 1)
	}
	s.run(2)
	s.want("queued again", s.count(inState, s.letters[2], "queued"), 1)
	s.want("owed at the end", s.count(owedRows, s.letters[2]), 0)
	if _, err := s.svc.Retry(t.Context(), id+99); !errors.Is(err, ErrNotFound) {
		t.Errorf("an edition that is not there: %v", err)
	}
}

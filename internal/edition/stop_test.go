package edition

import (
	"testing"

	"vistka/internal/locale"
)

// What was on the wire when its edition was cancelled and whose answer got lost
// would never be sent again by itself: it is held for a person, and not owed.
func TestInDoubtAfterCancelling(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.svc.Jobs = &recorder{}
	s.subscribe(2, 0, "instant")
	s.publish(2, 0)
	s.run(2)
	s.do(`UPDATE delivery SET state = 'sending' WHERE newsletter_id = $1`, s.letters[2])
	id := int64(s.count(`SELECT id FROM edition WHERE newsletter_id = $1`, s.letters[2]))
	if _, err := s.svc.Cancel(t.Context(), id, s.clock.Now(), locale.Message{Key: "reason.words", Name: "a mistake in it"}); err != nil {
		t.Fatal(err)
	}
	s.do(`UPDATE delivery SET state = 'in doubt', doubts = 1, due_at = $2 WHERE newsletter_id = $1`, s.letters[2], s.clock.Now())
	if err := s.svc.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.want("held", s.count(`SELECT count(*) FROM delivery WHERE state = 'in doubt' AND due_at IS NULL AND newsletter_id = $1`, s.letters[2]), 1)
	s.want("owed", s.count(owedRows, s.letters[2]), 0)
}

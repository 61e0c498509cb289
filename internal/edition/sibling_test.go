package edition

import (
	"testing"
	"time"
)

func queuedSibling(s *stage) int {
	s.subscribe(0, 0, "instant")
	s.subscribe(1, 0, "instant")
	_, story := s.publish(0, 0)
	s.run(0)
	s.publish(1, story)
	s.run(1)
	s.do(`UPDATE subscription SET state = 'ended', ended_at = $2 WHERE newsletter_id = $1`, s.letters[0], s.clock.Now())
	s.do(`UPDATE delivery SET state = 'cancelled', settled_at = $2 WHERE newsletter_id = $1`, s.letters[0], s.clock.Now())
	s.clock.Advance(time.Hour)
	s.run(1)
	return s.count(inState, s.letters[1], "queued")
}

func TestQueuedSiblingIsNotHad(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.want("English mails", queuedSibling(s), 1)
	mutant := newStage(t)
	mutant.svc.seam.had = func(state string) bool { return state == "queued" }
	mutant.want("English mails of the mutant", queuedSibling(mutant), 0)
}

func TestNoWaitWithoutPairing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(0, 0, "instant")
	s.subscribe(1, 0, "instant")
	s.publish(0, 0)
	s.publish(1, 0)
	s.run(1)
	s.want("English mails, nothing paired yet", s.count(inState, s.letters[1], "queued"), 1)
	_, story := s.publish(0, 0)
	s.publish(1, story)
	s.run(1)
	s.want("English mails, stories are paired", s.count(inState, s.letters[1], "queued"), 1)
	s.clock.Advance(pairingHolds + time.Second)
	s.publish(1, 0)
	s.run(1)
	s.want("English mails, long unpaired", s.count(inState, s.letters[1], "queued"), 2)
}

func TestWaitForThePreferredLanguage(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, before := s.publish(0, 0)
	s.publish(1, before)
	for reader := range 2 {
		s.subscribe(0, reader, "instant")
		s.subscribe(1, reader, "instant")
	}
	_, story := s.publish(1, 0)
	s.run(1)
	s.want("English mails at once", s.count(inState, s.letters[1], "queued"), 0)
	s.want("owed", s.count(owedRows, s.letters[1]), 2)
	s.clock.Advance(time.Hour)
	s.publish(0, story)
	s.do(`UPDATE subscription SET state = 'ended', ended_at = $3 WHERE newsletter_id = $1 AND subscriber_id = $2`, s.letters[0], s.readers[1], s.clock.Now())
	s.run(0)
	s.want("Ukrainian mails", s.count(inState, s.letters[0], "queued"), 1)
	s.do(`UPDATE delivery SET state = 'sent'`)
	s.clock.Advance(12 * time.Hour)
	s.run(1)
	s.want("English mails to the one who left the Ukrainian letter", s.count(inState, s.letters[1], "queued"), 1)
	s.want("owed at the end", s.count(owedRows, s.letters[1]), 0)
}

// What a reader of both languages gets of a story that stays in the one they
// prefer less is theirs to choose.
func TestFallbackIsTheReadersChoice(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, before := s.publish(0, 0)
	s.publish(1, before)
	choices := []fallback{waitAWhile, firstCome, onlyThat}
	for reader, chosen := range choices {
		s.subscribe(0, reader, "instant")
		s.subscribe(1, reader, "instant")
		s.do(`UPDATE subscriber SET translations = $2 WHERE id = $1`, s.readers[reader], chosen)
	}
	s.publish(1, 0)
	wantMails := func(when string, want ...int) {
		t.Helper()
		s.run(1)
		for reader, n := range want {
			s.want(string(choices[reader])+" "+when, s.count(`SELECT count(*) FROM delivery WHERE subscriber_id = $1`, s.readers[reader]), n)
		}
	}
	wantMails("at once", 0, 1, 0)
	s.clock.Advance(12*time.Hour + time.Second)
	wantMails("after the wait", 1, 1, 0)
	s.want("owed at the end", s.count(owedRows, s.letters[1]), 0)
}

package delivery

import (
	"errors"
	"testing"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
)

// A message whose answer gets lost after its edition was stopped is not sent
// again by itself, nor by hand: only counted. Of a paused edition it waits.
func TestDoubtOfAStoppedEdition(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("reader@example.org")
	l := w.ledger()
	if granted, err := l.Record(t.Context(), nil, []Next{w.next(id)}); err != nil || !granted[0] {
		t.Fatalf("%v, %v", granted, err)
	}
	w.exec(`UPDATE edition SET state = 'cancelled', reason = '{"key": "reason.words"}', resume_at = $1`, w.clock.Now())
	lost := mailer.Reply{Stage: mailer.StageFinal}
	o := outcome(w.next(id), lost, mailer.Verdict{Action: mailer.InDoubt}, false, 1, w.clock.Now(), 0)
	if _, err := l.Record(t.Context(), []Outcome{o}, nil); err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE delivery SET due_at = NULL`) // as the tick of editions leaves it
	doubts, err := w.s.InDoubt(t.Context(), 10)
	if err != nil || len(doubts) != 1 || !doubts[0].Stopped() {
		t.Fatalf("%+v, %v", doubts, err)
	}
	if err := w.s.Decide(t.Context(), w.s.DB, doubts[0].Key(), true); !errors.Is(err, ErrStopped) {
		t.Fatalf("sent again though its edition is cancelled: %v", err)
	}
	if r := w.row(id); r.State != Doubtful || r.Due != nil {
		t.Fatalf("no longer held: %+v", r)
	}
	w.exec(`UPDATE edition SET state = 'paused', resume_at = NULL`)
	if err := w.s.Decide(t.Context(), w.s.DB, w.key(id), true); err != nil || w.row(id).Due == nil || w.editionState() != "paused" {
		t.Fatalf("of a paused edition: %+v, %s, %v", w.row(id), w.editionState(), err)
	}
	w.exec(`UPDATE edition SET state = 'cancelled', resume_at = $1`, w.clock.Now())
	w.exec(`UPDATE delivery SET due_at = NULL`)
	if err := w.s.Decide(t.Context(), w.s.DB, w.key(id), false); err != nil || w.row(id).State != Sent {
		t.Fatalf("counted as sent: %+v, %v", w.row(id), err)
	}
}

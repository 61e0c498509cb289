package delivery

import (
	"testing"
	"time"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
)

// D3: the first doubt is sent again under the same Message-ID with the same
// bytes; the second is held and listed until a person decides.
func TestDoubtIsResentOnceThenHeld(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		return smtptest.Action{Close: e.Stage == smtptest.Final, Journal: true}
	})
	id := w.deliver("reader@example.org")
	stop := w.start(w.s)
	w.until("held", func() bool { r := w.row(id); return r.State == Doubtful && r.Due == nil })
	mails := w.lab.Journal.Mails()
	if len(mails) != 2 {
		t.Fatalf("%d sent, want the first and one more", len(mails))
	}
	if n, same := w.lab.Journal.Accepted(mails[0].MessageID(), "reader@example.org"); n != 2 || !same {
		t.Fatalf("%d under one Message-ID, the same bytes: %v", n, same)
	}
	if r := w.row(id); r.Doubts != 2 || r.Tries != 2 {
		t.Fatalf("%+v", r)
	}
	w.until("settled though one is held", func() bool { return w.editionState() == "settled" })
	doubts, err := w.s.InDoubt(t.Context(), 10)
	if err != nil || len(doubts) != 1 || doubts[0].SubscriberID != id || doubts[0].DueAt != nil || doubts[0].Address != "reader@example.org" {
		t.Fatalf("%+v, %v", doubts, err)
	}
	if b, err := w.s.Backlog(t.Context()); err != nil || b.Held != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	// Whatever an owner changes meanwhile, and wherever the pages move.
	w.exec(`UPDATE newsletter SET from_name = 'Another', from_address = 'editor@elsewhere.example'`)
	stop()
	w.lab.Script(nil)
	w.s = w.service("here")
	w.s.BaseURL = "https://moved.example"
	w.start(w.s)
	if err := w.s.Decide(t.Context(), w.s.DB, doubts[0].Key(), true); err != nil {
		t.Fatal(err)
	}
	w.untilState(id, Sent)
	if all := w.lab.Journal.Mails(); all[0].From != all[len(all)-1].From {
		t.Errorf("envelope sender %s, before %s", all[len(all)-1].From, all[0].From)
	}
	if n, same := w.lab.Journal.Accepted(mails[0].MessageID(), "reader@example.org"); n != 3 || !same {
		t.Fatalf("%d under one Message-ID, the same bytes: %v", n, same)
	}
	if err := w.s.Decide(t.Context(), w.s.DB, doubts[0].Key(), true); err == nil {
		t.Fatal("what is not held can be decided")
	}
}

// The first doubt waits, and what is refused on the way stays in doubt: it may
// have been accepted the first time.
func TestDoubtWaitsAndStaysDoubtful(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.s.InDoubtWait = 2 * time.Minute
	first := make(chan struct{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		select {
		case <-first:
			if e.Stage == smtptest.RCPT {
				return smtptest.Action{Reply: "550 5.1.1 no such user"}
			}
			return smtptest.Action{}
		default:
			return smtptest.Action{Close: e.Stage == smtptest.Final, Journal: true}
		}
	})
	id := w.deliver("reader@example.org")
	w.start(w.s)
	r := w.untilState(id, Doubtful)
	if r.Due == nil || !r.Due.Equal(w.clock.Now().Add(2*time.Minute)) {
		t.Fatalf("%+v", r)
	}
	close(first)
	w.clock.Advance(3 * time.Minute)
	w.until("held", func() bool { r := w.row(id); return r.State == Doubtful && r.Due == nil })
	if r := w.row(id); r.Doubts != 1 || w.lab.Journal.Len() != 1 {
		t.Fatalf("%+v, %d mails", r, w.lab.Journal.Len())
	}
}

// D8: after a lost answer to COMMIT the same call finds what was committed.
func TestRecordAgainAfterLostAnswer(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	a, b := w.deliver("a@example.org"), w.deliver("b@example.org")
	l := w.ledger()
	for range 3 {
		if granted, err := l.Record(t.Context(), nil, []Next{w.next(a)}); err != nil || !granted[0] {
			t.Fatalf("%v, %v", granted, err)
		}
	}
	for range 3 {
		granted, err := l.Record(t.Context(), []Outcome{{Key: w.key(a), State: Sent, Reply: "250 ok"}}, []Next{w.next(b)})
		if err != nil || !granted[0] {
			t.Fatalf("%v, %v", granted, err)
		}
	}
	if r := w.row(a); r.State != Sent || r.Tries != 1 {
		t.Fatalf("%+v", r)
	}
	c := w.deliver("c@example.org")
	refused := mailer.Reply{Stage: mailer.StageRcpt, Code: 451, Text: "4.3.0 later"}
	o := outcome(w.next(c), refused, mailer.Classify(refused), true, 1, w.clock.Now(), 0)
	for range 3 {
		if _, err := l.Record(t.Context(), []Outcome{o}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.row(c); r.State != Deferred || r.Tries != 1 || w.count("attempt WHERE subscriber_id = $1", c) != 1 {
		t.Fatalf("a refusal recorded again: %+v", r)
	}
	if _, err := l.Record(t.Context(), []Outcome{unsent(w.key(b), w.clock.Now())}, nil); err != nil {
		t.Fatal(err)
	}
	if r := w.row(b); r.State != Deferred || r.Tries != 0 {
		t.Fatalf("an attempt taken back: %+v", r)
	}
}

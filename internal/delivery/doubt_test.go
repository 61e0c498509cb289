package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

// A driver that dies between the attempt's commit and the dot, or between the
// relay's 250 and its record, loses nothing; what may be doubled is in doubt.
func TestDiesAndAnotherTakesOver(t *testing.T) {
	for _, point := range []string{"attempt", "reply"} {
		for _, next := range []struct {
			name, holder string
			accompanied  bool
		}{
			{"the same installation", "here", false},
			{"a second process of it", "here", true},
			{"another installation", "elsewhere", false},
		} {
			t.Run(point+", "+next.name, func(t *testing.T) {
				w := newWorld(t, smtptest.Options{})
				for i := range 30 {
					w.deliver(fmt.Sprintf("r%d@example.org", i))
				}
				hits := make(chan struct{}, 1000)
				w.s.probe = func(p string) error {
					if p != point {
						return nil
					}
					hits <- struct{}{}
					if len(hits) > 10 {
						return errors.New("killed")
					}
					return nil
				}
				w.start(w.s)
				w.until("the driver is dead", func() bool { return len(hits) > 10 && w.count("delivery WHERE state = 'sending'") > 0 })
				other, stoodBy := w.service(next.holder), make(chan struct{})
				other.Accompanied = next.accompanied
				var once sync.Once
				other.probe = func(p string) error {
					if p == "held" {
						once.Do(func() { close(stoodBy) })
					}
					return nil
				}
				w.start(other)
				if next.accompanied || next.holder == "elsewhere" {
					<-stoodBy
					if n := w.count("relay WHERE fence = 1"); n != 1 {
						t.Fatal("a live lease was taken")
					}
					w.exec(`UPDATE relay SET lease_until = now() - interval '1 second'`)
				}
				w.until("settled", func() bool { return w.editionState() == "settled" })
				if n := w.count("delivery WHERE state = 'sent'"); n != 30 {
					t.Fatalf("%d sent", n)
				}
				twice := 0
				for i := range 30 {
					mails := w.lab.Journal.To(fmt.Sprintf("r%d@example.org", i))
					if len(mails) == 0 {
						t.Fatalf("r%d got nothing", i)
					}
					if n, same := w.lab.Journal.Accepted(mails[0].MessageID(), mails[0].To); n != len(mails) || !same {
						t.Fatalf("r%d: %d mails, %d of one id, same %v", i, len(mails), n, same)
					}
					twice += len(mails) - 1
				}
				doubted := w.count("delivery WHERE doubts = 1")
				if twice > 3 || twice > doubted || doubted > 3 || doubted == 0 {
					t.Fatalf("%d doubled, %d in doubt, 3 connections", twice, doubted)
				}
				// The other connections may have had a dot out; the dying one had not.
				if point == "attempt" && twice >= doubted {
					t.Fatalf("%d doubled of %d in doubt though one got no dot", twice, doubted)
				}
			})
		}
	}
}

// The lock on the relay's row orders an attempt and a take-over: an attempt
// under the old fence is either seen by the take-over, and in doubt, or refused.
// Without FOR SHARE it would stay 'sending' for ever.
func TestTakeOverSeesAttemptInFlight(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("reader@example.org")
	late := w.deliver("late@example.org")
	ids, err := w.s.upsertRelays(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fence, err := w.s.takeOver(t.Context(), ids[0], true)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	old := &Ledger{DB: tx, Clock: w.clock, Relay: ids[0], Fence: fence}
	granted, err := old.Record(t.Context(), nil, []Next{{Key: w.key(id)}})
	if err != nil || !granted[0] {
		t.Fatalf("%v, %v", granted, err)
	}
	taken := make(chan error, 1)
	go func() {
		_, err := w.s.takeOver(context.Background(), ids[0], true)
		taken <- err
	}()
	w.until("the take-over waits, or wrongly does not", func() bool {
		return len(taken) == 1 || w.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	if r := w.row(id); r.State != Doubtful || r.Doubts != 1 {
		t.Fatalf("%+v", r)
	}
	old.DB = w.db
	if _, err := old.Record(t.Context(), []Outcome{{Key: w.key(id), State: Sent}}, []Next{{Key: w.key(late)}}); err == nil {
		t.Fatal("the old fence may still record attempts")
	}
	if r, l := w.row(id), w.row(late); r.State != Doubtful || l.State != Queued {
		t.Fatalf("the old fence's late words changed %+v, %+v", r, l)
	}
}

// D8: after a lost answer to COMMIT the same call finds what was committed.
func TestRecordAgainAfterLostAnswer(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	a, b := w.deliver("a@example.org"), w.deliver("b@example.org")
	ids, err := w.s.upsertRelays(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fence, err := w.s.takeOver(t.Context(), ids[0], true)
	if err != nil {
		t.Fatal(err)
	}
	l := &Ledger{DB: w.db, Clock: w.clock, Relay: ids[0], Fence: fence}
	for range 3 {
		if granted, err := l.Record(t.Context(), nil, []Next{{Key: w.key(a)}}); err != nil || !granted[0] {
			t.Fatalf("%v, %v", granted, err)
		}
	}
	for range 3 {
		granted, err := l.Record(t.Context(), []Outcome{{Key: w.key(a), State: Sent, Reply: "250 ok"}}, []Next{{Key: w.key(b)}})
		if err != nil || !granted[0] {
			t.Fatalf("%v, %v", granted, err)
		}
	}
	if r := w.row(a); r.State != Sent || r.Tries != 1 {
		t.Fatalf("%+v", r)
	}
	c := w.deliver("c@example.org")
	refused := mailer.Reply{Stage: mailer.StageRcpt, Code: 451, Text: "4.3.0 later"}
	o := outcome(w.key(c), refused, mailer.Classify(refused), true, 1, w.clock.Now(), 0)
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

// D28: two installations on one database send everything once between them.
func TestTwoServicesOneRelay(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	for i := range 200 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	stop := w.start(w.s)
	w.start(w.service("elsewhere"))
	w.until("some are sent", func() bool { return w.lab.Journal.Len() > 20 })
	stop()
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if n := w.count("delivery WHERE state = 'sent' AND doubts = 0"); n != 200 || w.lab.Journal.Len() != 200 {
		t.Fatalf("%d sent, %d mails", n, w.lab.Journal.Len())
	}
}

// D7: asked to stop, what is under way is finished; past the bound it is
// dropped and in doubt. Either way Run ends.
func TestStop(t *testing.T) {
	for _, patient := range []bool{true, false} {
		t.Run(fmt.Sprint("patient ", patient), func(t *testing.T) {
			w := newWorld(t, smtptest.Options{})
			answer, reached := make(chan struct{}), make(chan struct{}, 10)
			w.lab.Script(func(e smtptest.Event) smtptest.Action {
				if e.Stage == smtptest.Final {
					reached <- struct{}{}
					return smtptest.Action{Until: answer}
				}
				return smtptest.Action{}
			})
			if !patient {
				w.s.StopTimeout = 20 * time.Millisecond
			}
			for i := range 20 {
				w.deliver(fmt.Sprintf("r%d@example.org", i))
			}
			stop := w.start(w.s)
			for range 3 {
				<-reached
			}
			if patient {
				time.AfterFunc(50*time.Millisecond, func() { close(answer) })
			}
			stop()
			want := Sent
			if !patient {
				want = Doubtful
				close(answer)
			}
			if n := w.count("delivery WHERE state = $1", want); n != 3 {
				t.Fatalf("%d %s, want 3", n, want)
			}
			if n := w.count("delivery WHERE state = 'queued' AND tries = 0"); n != 17 {
				t.Fatalf("%d untouched, want 17", n)
			}
			if n := w.count("relay WHERE lease_until <= now()"); n != 1 {
				t.Fatal("the lease is not released")
			}
		})
	}
}

// The lease is kept while what is under way finishes: a stand-by that took the
// relay in that time would put it in doubt and send it again.
func TestLeaseIsKeptWhileStopping(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	answer, reached := make(chan struct{}), make(chan struct{}, 1)
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.Final {
			reached <- struct{}{}
			return smtptest.Action{Until: answer}
		}
		return smtptest.Action{}
	})
	w.s.lease = 3 * time.Second
	id := w.deliver("r@example.org")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.s.Run(ctx) }()
	<-reached
	var until, renewed time.Time
	stop()
	w.one(&until, `SELECT lease_until FROM relay`)
	w.until("the lease is renewed while stopping", func() bool {
		w.one(&renewed, `SELECT lease_until FROM relay`)
		return renewed.After(until)
	})
	close(answer)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if r := w.row(id); r.State != Sent || w.count("relay WHERE lease_until <= now()") != 1 {
		t.Fatalf("%+v", r)
	}
}

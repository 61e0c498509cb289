package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

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
// Without it the row would stay 'sending' for ever.
func TestTakeOverSeesAttemptInFlight(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("reader@example.org")
	late := w.deliver("late@example.org")
	l := w.ledger()
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	old := &Ledger{DB: tx, Clock: w.clock, Relay: l.Relay, Fence: l.Fence}
	granted, err := old.Record(t.Context(), nil, []Next{w.next(id)})
	if err != nil || !granted[0] {
		t.Fatalf("%v, %v", granted, err)
	}
	taken := make(chan error, 1)
	go func() {
		_, err := w.s.takeOver(context.Background(), l.Relay, true)
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
	if _, err := old.Record(t.Context(), []Outcome{{Key: w.key(id), State: Sent}}, []Next{w.next(late)}); err == nil {
		t.Fatal("the old fence may still record attempts")
	}
	if r, l := w.row(id), w.row(late); r.State != Doubtful || l.State != Queued {
		t.Fatalf("the old fence's late words changed %+v, %+v", r, l)
	}
}

// A record that waits for rows that are being changed looks at them again: the
// attempt on one that was cancelled is refused, the others of the group are not,
// and what became of a mail that a person has decided on meanwhile stands.
func TestRecordLooksAgainAtWhatItWaitedFor(t *testing.T) {
	for _, counted := range []bool{false, true} {
		t.Run(map[bool]string{false: "without a limit", true: "with a daily limit"}[counted], func(t *testing.T) { recordLooksAgain(t, counted) })
	}
}

func recordLooksAgain(t *testing.T, counted bool) {
	w := newWorld(t, smtptest.Options{})
	accepted, decided, cancelled, next := w.deliver("accepted@example.org"), w.deliver("decided@example.org"), w.deliver("cancelled@example.org"), w.deliver("next@example.org")
	l := w.ledger()
	l.Counted = counted
	if granted, err := l.Record(t.Context(), nil, []Next{w.next(accepted), w.next(decided)}); err != nil || !granted[0] || !granted[1] {
		t.Fatal(granted, err)
	}
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	for id, state := range map[int64]State{decided: Failed, cancelled: Cancelled} {
		if _, err := tx.Exec(t.Context(), `UPDATE delivery SET state = $2, reply = 'by hand' WHERE subscriber_id = $1`, id, state); err != nil {
			t.Fatal(err)
		}
	}
	type answer struct {
		granted []bool
		err     error
	}
	recorded := make(chan answer, 1)
	go func() {
		granted, err := l.Record(context.Background(),
			[]Outcome{{Key: w.key(accepted), State: Sent, Reply: "250 ok"}, {Key: w.key(decided), State: Sent, Reply: "250 ok"}},
			[]Next{w.next(cancelled), w.next(next)})
		recorded <- answer{granted, err}
	}()
	w.untilLocked()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-recorded; a.err != nil || a.granted[0] || !a.granted[1] {
		t.Fatalf("%v, %v", a.granted, a.err)
	}
	for id, want := range map[int64]State{accepted: Sent, decided: Failed, cancelled: Cancelled, next: Sending} {
		r := w.row(id)
		if r.State != want || (r.Reply == "by hand") != (want == Failed || want == Cancelled) {
			t.Errorf("%d: %+v, want %s", id, r, want)
		}
	}
}

// A take-over reads the editions of which something may be on its way, and not
// every one that was ever stopped.
func TestTakeOverReadsNoLongStoppedEdition(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	l := w.ledger()
	id := w.reader("reader@example.org")
	days := func(n int) time.Time { return w.clock.Now().AddDate(0, 0, n) }
	for i, tt := range []struct {
		state  string
		resume any
		want   State
	}{
		{"open", nil, Doubtful},
		{"paused", nil, Doubtful},
		{"cancelled", days(1), Doubtful},
		{"expired", days(-2), Doubtful},
		{"cancelled", days(-4), Sending},
		{"expired", days(-4), Sending},
	} {
		edition := w.newEdition(days(-10).Add(time.Duration(i) * time.Second))
		w.queue(edition, id)
		w.exec(`UPDATE edition SET state = $2, resume_at = $3 WHERE id = $1`, edition, tt.state, tt.resume)
		w.exec(`UPDATE delivery SET state = 'sending', relay_id = $2, fence = $3 WHERE edition_id = $1`, edition, l.Relay, l.Fence)
		defer func() {
			var got State
			w.one(&got, `SELECT state FROM delivery WHERE edition_id = $1`, edition)
			if got != tt.want {
				t.Errorf("%s, resumed %v: %s, want %s", tt.state, tt.resume, got, tt.want)
			}
		}()
	}
	if _, err := w.s.takeOver(t.Context(), l.Relay, true); err != nil {
		t.Fatal(err)
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

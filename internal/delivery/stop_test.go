package delivery

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

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

package delivery

import (
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// A mailbox that is gone, found out by two editions in the same commit.
func TestOneDeadMailboxInTwoEditions(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.s.Relays[0].Connections = 1
	gone := w.deliver("550-5.1.1@example.org")
	first := w.edition
	w.edition = w.newEdition(w.clock.Now().Add(time.Second))
	w.queue(w.edition, gone)
	good := w.deliver("good@example.org")
	w.start(w.s)
	w.untilState(good, Sent)
	w.until("both are settled", func() bool {
		return w.count("edition WHERE state = 'settled' AND id IN ($1, $2)", first, w.edition) == 2
	})
	if n := w.count("delivery WHERE subscriber_id = $1 AND state = 'failed'", gone); n != 2 || w.count("suppression") != 1 {
		t.Errorf("%d failed", n)
	}
}

// D21: what was on its way when a provider asked for less says nothing about
// what it takes afterwards.
func TestRestOutlastsWhatWasOnItsWay(t *testing.T) {
	t.Parallel()
	p, now := newProviders(), time.Now()
	for range 2 * easy {
		if ok, placed := p.begin(7, now); !ok || placed {
			t.Fatal("a provider that never asked for less is held back")
		}
	}
	p.rest(7, now)
	if ok, _ := p.begin(7, now); ok {
		t.Fatal("sent during the rest")
	}
	now = now.Add(slowRetry)
	for limit := 1; limit <= easy; limit++ {
		for range limit {
			if ok, placed := p.begin(7, now); !ok || !placed {
				t.Fatalf("not %d at once", limit)
			}
		}
		if ok, _ := p.begin(7, now); ok {
			t.Fatalf("more than %d at once", limit)
		}
		for i := range limit {
			p.end(7, i == 0, now)
		}
	}
	if ok, placed := p.begin(7, now); !ok || placed {
		t.Fatal("it has not recovered")
	}
}

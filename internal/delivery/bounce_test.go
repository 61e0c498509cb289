package delivery

import (
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// A mailbox that is gone, found out by two editions in the same commit.
func TestOneDeadMailboxInTwoEditions(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	gone := w.deliver("gone@example.org")
	first := w.key(gone)
	w.edition = w.newEdition(w.clock.Now().Add(time.Second))
	w.queue(w.edition, gone)
	l := w.ledger()
	var outcomes []Outcome
	for _, k := range []Key{first, w.key(gone)} {
		outcomes = append(outcomes, Outcome{Key: k, Early: true, State: Failed, Tries: 1, Reply: "550 5.1.1 no such user", Gone: true})
	}
	if _, err := l.Record(t.Context(), outcomes, nil); err != nil {
		t.Fatal(err)
	}
	if n := w.count("delivery WHERE state = 'failed'"); n != 2 || w.count("suppression") != 1 {
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

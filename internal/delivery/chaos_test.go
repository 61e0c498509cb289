package delivery

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// A relay that misbehaves at random, readers who leave and pause, a driver that
// is stopped and started, listeners cut off: in the end the ledger and the
// relay's journal agree (invariants 5 and 6), and nobody is forgotten.
func TestLedgerAgreesWithJournal(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, smtptest.Options{})
			r := newDice(seed)
			calm := make(chan struct{})
			w.lab.Script(func(e smtptest.Event) smtptest.Action {
				select {
				case <-calm:
					return smtptest.Action{}
				default:
				}
				switch n := r.roll(60); {
				case n == 0 && e.Stage == smtptest.Final:
					return smtptest.Action{Close: true, Journal: r.roll(2) == 0}
				case n < 4 && e.Stage == smtptest.Final:
					return smtptest.Action{Reply: "451 4.3.0 later"}
				case n < 2 && e.Stage == smtptest.RCPT:
					return smtptest.Action{Reply: "450 4.2.0 later"}
				case n == 2 && e.Stage == smtptest.MAIL:
					return smtptest.Action{Reply: "421 4.3.2 bye", Close: true}
				case n == 3 && e.Stage != smtptest.Final:
					return smtptest.Action{Reset: true}
				}
				return smtptest.Action{}
			})
			var ids []int64
			for i := range 200 {
				ids = append(ids, w.deliver(fmt.Sprintf("r%d@example.org", i)))
			}
			left := map[int64]bool{}
			for round := range 6 {
				stop := w.start(w.service("here"))
				target := w.lab.Journal.Len() + 25
				w.until("some progress", func() bool {
					return w.lab.Journal.Len() >= target || w.count("delivery WHERE state = 'queued'") == 0
				})
				for range 5 {
					id := ids[r.roll(len(ids))]
					if !left[id] && r.roll(2) == 0 {
						w.exec(`UPDATE subscription SET state = 'ended', ended_at = now() WHERE subscriber_id = $1`, id)
						left[id] = true
					}
				}
				if round%2 == 0 {
					w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`)
				}
				stop()
			}
			close(calm)
			w.start(w.service("here"))
			w.until("settled", func() bool {
				w.clock.Advance(10 * time.Minute)
				return w.editionState() == "settled"
			})
			for i, id := range ids {
				row := w.row(id)
				mails := w.lab.Journal.To(fmt.Sprintf("r%d@example.org", i))
				switch {
				case row.State == Sent && len(mails) == 0, row.State == Cancelled && len(mails) > 0:
					t.Fatalf("r%d is %s with %d mails", i, row.State, len(mails))
				case !left[id] && row.State != Sent && row.State != Doubtful:
					t.Fatalf("r%d is forgotten: %+v", i, row)
				case len(mails) > 1+row.Doubts:
					t.Fatalf("r%d got %d mails with %d doubts", i, len(mails), row.Doubts)
				}
				if len(mails) > 0 {
					if n, same := w.lab.Journal.Accepted(mails[0].MessageID(), mails[0].To); n != len(mails) || !same {
						t.Fatalf("r%d: %d mails, %d under one id, the same bytes %v", i, len(mails), n, same)
					}
				}
			}
		})
	}
}

// dice rolls for many goroutines.
type dice struct{ rolls chan *rand.Rand }

func newDice(seed uint64) dice {
	d := dice{make(chan *rand.Rand, 1)}
	d.rolls <- rand.New(rand.NewPCG(seed, 1))
	return d
}

func (d dice) roll(n int) int {
	r := <-d.rolls
	defer func() { d.rolls <- r }()
	return r.IntN(n)
}

package delivery

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// A relay's bad days in the middle of an edition: whatever it does, everybody
// has the mail in the end, without anybody's help; only what was in doubt came
// twice, and a relay that is away as a whole costs no reader a try.
func TestRelaysBadDays(t *testing.T) {
	const readers, before = 300, 100
	const pause = 100 * time.Millisecond // between two probes
	for _, tt := range []struct {
		name     string
		bad      smtptest.Action // what it does at each stage in the bad hour
		cut      bool            // the sessions there are end
		only     smtptest.Stage  // or at this one alone
		doubtful bool            // some must have been in doubt
	}{
		{name: "away", bad: smtptest.Action{Reset: true}, cut: true},
		{name: "drops after the dot", bad: smtptest.Action{Close: true, Journal: true}, only: smtptest.Final, doubtful: true},
		{name: "black hole", bad: smtptest.Action{Hang: true, Journal: true}, doubtful: true},
		{name: "slow loris", bad: smtptest.Action{Drip: 100 * time.Millisecond}, doubtful: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, smtptest.Options{})
			w.s.InDoubtWait = time.Minute // of the clock that stands: nothing is doubted twice
			w.s.Backoff = Backoff{Min: pause, Max: pause}
			limits := &w.s.Relays[0].Timeouts
			limits.Command, limits.Data, limits.Body, limits.Final = time.Second, time.Second, time.Second, time.Second
			hour := newBadHour(w.lab, before)
			w.lab.Script(func(e smtptest.Event) smtptest.Action {
				if hour.is() && (tt.only == "" || e.Stage == tt.only) {
					return tt.bad
				}
				return smtptest.Action{}
			})
			ids := make([]int64, readers)
			for i := range ids {
				ids[i] = w.deliver(fmt.Sprintf("r%d@example.org", i))
			}
			w.start(w.s)
			<-hour.begun
			if tt.cut {
				w.lab.Cut()
			}
			w.until("the relay is shown as down", func() bool { return w.count("relay WHERE state = 'down' AND problem <> ''") == 1 })
			opened, _, _ := w.lab.Connections()
			w.until("it is tried again", func() bool { n, _, _ := w.lab.Connections(); return n > opened+1 })
			doubted := w.count("delivery WHERE doubts > 0")
			if probes := 1 + int(time.Since(hour.start)/pause); doubted > 3+probes { // those in flight, and one at each probe
				t.Errorf("%d mails are in doubt, after 3 connections and %d probes", doubted, probes)
			}
			hour.end()
			w.until("settled", func() bool {
				w.clock.Advance(time.Minute)
				return w.editionState() == "settled"
			})
			doubts := 0
			for i, id := range ids {
				r, mails := w.row(id), w.lab.Journal.To(fmt.Sprintf("r%d@example.org", i))
				if r.State != Sent || r.Tries > 1+r.Doubts || r.Doubts > 1 || len(mails) == 0 || len(mails) > 1+r.Doubts {
					t.Errorf("%+v with %d mails", r, len(mails))
				}
				if len(mails) > 1 {
					if n, same := w.lab.Journal.Accepted(mails[0].MessageID(), mails[0].To); n != len(mails) || !same {
						t.Errorf("%d mails, %d under one Message-ID, the same bytes: %v", len(mails), n, same)
					}
				}
				doubts += r.Doubts
			}
			if tt.doubtful && doubts == 0 {
				t.Error("nothing was in doubt: the bad hour met no mail in flight")
			}
			t.Logf("%d of %d came twice, %d were in doubt", w.lab.Journal.Len()-readers, readers, doubts)
		})
	}
}

// One mail in twenty is refused for the time being: those alone are tried
// again, by schedule, and nobody else waits.
func TestTemporaryRefusals(t *testing.T) {
	const readers = 200
	w := newWorld(t, smtptest.Options{})
	var mu sync.Mutex
	refused := map[string]bool{}
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		local, _, _ := strings.Cut(e.To, "@")
		if n, err := strconv.Atoi(strings.TrimPrefix(local, "r")); e.Stage != smtptest.RCPT && e.Stage != smtptest.Final || err != nil || n%20 != 0 {
			return smtptest.Action{}
		}
		mu.Lock()
		defer mu.Unlock()
		if refused[e.To] || e.Stage == smtptest.Final == (len(refused)%2 == 0) { // half of them before DATA, half after the dot
			return smtptest.Action{}
		}
		refused[e.To] = true
		return smtptest.Action{Reply: "451 4.3.0 later"}
	})
	for i := range readers {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.start(w.s)
	w.until("the others are served", func() bool { return w.count("delivery WHERE state = 'sent' AND tries = 1") == readers-readers/20 })
	w.until("the refused wait", func() bool { return w.count("delivery WHERE state = 'deferred'") == readers/20 })
	w.clock.Advance(10 * time.Minute)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if n := w.count("delivery WHERE state = 'sent' AND tries = 2 AND doubts = 0"); n != readers/20 || w.lab.Journal.Len() != readers {
		t.Fatalf("%d sent at the second try, %d mails", n, w.lab.Journal.Len())
	}
}

// badHour begins when the relay has accepted some mails.
type badHour struct {
	lab    *smtptest.Server
	after  int
	begun  chan struct{}
	start  time.Time // once begun
	over   chan struct{}
	begins sync.Once
}

func newBadHour(lab *smtptest.Server, after int) *badHour {
	return &badHour{lab: lab, after: after, begun: make(chan struct{}), over: make(chan struct{})}
}

func (h *badHour) is() bool {
	select {
	case <-h.over:
		return false
	default:
	}
	if h.lab.Journal.Len() < h.after {
		return false
	}
	h.begins.Do(func() {
		h.start = time.Now()
		close(h.begun)
	})
	return true
}

func (h *badHour) end() { close(h.over) }

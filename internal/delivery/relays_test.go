package delivery

import (
	"fmt"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// second adds a relay of another port to the service.
func (w *world) second(order int) *smtptest.Server {
	w.t.Helper()
	lab, err := smtptest.Start(smtptest.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { lab.Close() })
	config := w.s.Relays[0]
	config.Port, config.Order = lab.Port(), order
	w.s.Relays = append(w.s.Relays, config)
	return lab
}

func (w *world) settled() bool { return w.editionState() == "settled" }

// once demands that so many readers got one mail each, over all relays.
func (w *world) once(readers int, labs ...*smtptest.Server) {
	w.t.Helper()
	got := map[string]int{}
	for _, lab := range labs {
		for _, m := range lab.Journal.Mails() {
			got[m.To]++
		}
	}
	for to, n := range got {
		if n != 1 {
			w.t.Errorf("%s got %d", to, n)
		}
	}
	if len(got) != readers {
		w.t.Errorf("%d readers got mail, want %d", len(got), readers)
	}
}

func TestRelaysShareTheMail(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	other := w.second(0)
	w.start(w.s)
	w.until("both are driven", func() bool { return w.count("relay WHERE state = 'ready' AND lease_until > now()") == 2 })
	for i := range 100 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	for i := range 20 {
		w.enqueue(Notice{Kind: Test, Locale: "en", NewsletterID: 1, Address: fmt.Sprintf("n%d@example.org", i)})
	}
	w.until("settled", func() bool { return w.settled() && w.count("notice WHERE state = 'sent'") == 20 })
	w.once(120, w.lab, other)
	for _, lab := range []*smtptest.Server{w.lab, other} {
		if n := lab.Journal.Len(); n < 20 {
			t.Errorf("one relay got %d of 120", n)
		}
	}
}

// A relay that fails in the middle: another goes on with its part, and it gets
// its part again once it answers. Nobody's tries are charged for it.
func TestFailoverAndBack(t *testing.T) {
	for _, order := range []int{0, 1} {
		t.Run(fmt.Sprint("order ", order), func(t *testing.T) {
			w := newWorld(t, smtptest.Options{})
			other := w.second(order)
			away := make(chan struct{})
			w.lab.Script(func(e smtptest.Event) smtptest.Action {
				select {
				case <-away:
					return smtptest.Action{Reply: "421 4.3.2 closing", Close: true}
				default:
					return smtptest.Action{}
				}
			})
			ranked := make(chan struct{}, 100)
			w.s.probe = func(p string) error {
				if p == "ranked" {
					ranked <- struct{}{}
				}
				return nil
			}
			w.start(w.s)
			for range 2 - order { // two that share, or one that stands by, have found their part
				<-ranked
			}
			for i := range 60 {
				w.deliver(fmt.Sprintf("r%d@example.org", i))
			}
			w.until("settled", w.settled)
			if n := other.Journal.Len(); order == 1 && n != 0 {
				t.Fatalf("the relay that stands by got %d", n)
			}
			close(away)
			edition := w.edition
			w.edition = w.newEdition(w.clock.Now().Add(time.Second))
			for i := range 60 {
				w.deliver(fmt.Sprintf("s%d@example.org", i))
			}
			w.until("the other relay took all", w.settled)
			w.once(120, w.lab, other)
			if n := w.count("delivery WHERE tries > 1 AND edition_id IN ($1, $2)", edition, w.edition); n != 0 {
				t.Errorf("%d were charged for the relay", n)
			}
			w.until("it is known to be down", func() bool { return w.count("relay WHERE state = 'down'") == 1 })
			w.lab.Script(nil)
			w.edition = w.newEdition(w.clock.Now().Add(2 * time.Second))
			for i := range 60 {
				w.deliver(fmt.Sprintf("t%d@example.org", i))
			}
			w.until("both are settled", w.settled)
			w.until("it is back", func() bool { return w.count("relay WHERE state = 'ready'") == 2 })
			w.once(180, w.lab, other)
		})
	}
}

// A daily limit stops editions a tenth before its end; a confirmation still
// goes, and the next day so does the rest. A restart forgets none of it.
func TestDailyLimit(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.s.Relays[0].Daily = 20
	for i := range 30 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	stop := w.start(w.s)
	w.until("the limit is used up", func() bool { return w.count("relay WHERE state = 'spent' AND taken = 18") == 1 })
	stop()
	again := w.service("here")
	again.Relays[0].Daily = 20
	w.start(again)
	w.enqueue(Notice{Kind: Test, Locale: "en", NewsletterID: 1, Address: "n@example.org"})
	w.until("the notice is sent", func() bool { return w.count("notice WHERE state = 'sent'") == 1 })
	if n := w.lab.Journal.Len(); n != 19 {
		t.Fatalf("%d mails on the first day, want 18 and the notice", n)
	}
	w.clock.Advance(24 * time.Hour)
	w.until("settled on the next day", w.settled)
	w.once(31, w.lab)
}

// A limit that is set in the middle of a day counts what went before it.
func TestDailyLimitSetLater(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	for i := range 12 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	stop := w.start(w.s)
	w.until("settled without a limit", w.settled)
	stop()
	limited := w.service("here")
	limited.Relays[0].Daily = 20
	later := w.newEdition(w.clock.Now().Add(time.Minute))
	for i := range 12 {
		w.queue(later, w.reader(fmt.Sprintf("later%d@example.org", i)))
	}
	w.start(limited)
	w.until("the limit is used up", func() bool { return w.count("relay WHERE state = 'spent' AND taken = 18") == 1 })
	w.until("six of the twelve went", func() bool { return w.count("delivery WHERE state = 'sent'") == 18 })
}

package delivery

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"vistka/internal/locale/localetest"
	"vistka/internal/mailer/smtptest"
)

func TestVerdictOfATally(t *testing.T) {
	t.Parallel()
	catalog := localetest.Catalog(t)
	l := catalog.For("en")
	for _, c := range []struct {
		counts counts
		want   string
	}{
		{counts{finals: 9, policy: 9}, ""},
		{counts{finals: 10, policy: 10}, "10 of 10 answers refuse the sender or the content"},
		{counts{finals: 200, policy: 10}, ""},
		{counts{finals: 199, policy: 10}, "10 of 199 answers refuse the sender or the content"},
		{counts{finals: 100, gone: 4}, ""},
		{counts{finals: 100, gone: 5}, "5 of the first 100 addresses do not exist"},
		{counts{finals: 201, gone: 10}, ""},
		{counts{finals: 1000, gone: 50}, ""},
		{counts{finals: 1000, gone: 51}, "51 of 1,000 addresses do not exist"},
	} {
		got := ""
		if v := c.counts.verdict(); v != nil {
			got = l.Say(*v)
		}
		if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.counts, got, c.want)
		}
	}
}

// D24: a storm of mailboxes that do not exist stops the edition, with the reason
// and the relay's last words; resumed, it goes on with the others.
func TestEditionBreakerOnHardBounces(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.RCPT {
			return smtptest.Action{Reply: "550 5.1.1 no such user"}
		}
		return smtptest.Action{}
	})
	for i := range 60 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.start(w.s)
	w.until("paused", func() bool { return w.editionState() == "paused" })
	w.until("nothing under way", func() bool { return w.count("delivery WHERE state = 'sending'") == 0 })
	var reason string
	w.one(&reason, `SELECT reason::text FROM edition WHERE id = $1`, w.edition)
	if !strings.Contains(reason, "edition.reason.gone") || !strings.Contains(reason, "5.1.1") {
		t.Errorf("reason %q", reason)
	}
	w.until("what was refused is recorded", func() bool { return w.count("delivery WHERE state = 'failed'") >= leastGone })
	if n := w.count("delivery WHERE state = 'failed'"); n > 20 {
		t.Errorf("%d refused before it stopped", n)
	}
	w.lab.Script(nil)
	w.exec(`UPDATE edition SET state = 'open', reason = NULL WHERE id = $1`, w.edition)
	w.exec(sqlNotify)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if n := w.count("delivery WHERE state = 'sent'"); n != 60-w.count("delivery WHERE state = 'failed'") || n == 0 {
		t.Errorf("%d sent after it was resumed", n)
	}
}

// What was on the wire when the edition stopped is answered after a person has
// resumed it: those answers are of before, and do not stop it again.
func TestLateAnswersDoNotPauseAResumedEdition(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.s.Relays[0].Connections = leastGone + 2
	underWay, resumed := make(chan struct{}), make(chan struct{})
	var held atomic.Int32
	refused := smtptest.Action{Reply: "550 5.1.1 no such user"}
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage != smtptest.RCPT {
			return smtptest.Action{}
		}
		a := refused
		if !strings.HasPrefix(e.To, "held") {
			a.Until = underWay
			return a
		}
		if held.Add(1) == leastGone {
			close(underWay)
		}
		a.Until = resumed
		return a
	})
	for i := range leastGone {
		w.deliver(fmt.Sprintf("held%d@example.org", i))
	}
	for i := range 40 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.start(w.s)
	w.until("paused", func() bool { return w.editionState() == "paused" })
	w.lab.Script(nil)
	w.exec(`UPDATE edition SET state = 'open', reason = NULL WHERE id = $1`, w.edition)
	w.exec(sqlNotify)
	close(resumed)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if n := w.count("delivery d JOIN subscriber s ON s.id = d.subscriber_id WHERE s.address LIKE 'held%' AND d.state = 'failed'"); n != leastGone {
		t.Errorf("%d of those answered late are failed, want %d", n, leastGone)
	}
	if w.count("delivery WHERE state = 'sent'") == 0 {
		t.Error("nothing was sent after it was resumed")
	}
}

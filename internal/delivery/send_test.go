package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// An edition that cannot be composed rests: what is due of it is not read again
// and again, however often others are.
func TestARestedEditionIsNotRead(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	var tried atomic.Int32
	w.s.Compose = func(context.Context, int64) error {
		tried.Add(1)
		return errors.New("the disk is full")
	}
	broken := w.newEdition(w.clock.Now().Add(-time.Hour))
	w.exec(`DELETE FROM edition_body WHERE edition_id = $1`, broken)
	w.queue(broken, w.reader("waits@example.org"))
	w.exec(`UPDATE delivery SET state = 'deferred', due_at = $1`, w.clock.Now())
	w.start(w.s)
	w.until("tried", func() bool { return tried.Load() > 0 })
	const others = 20
	for i := range others {
		w.untilState(w.deliver(fmt.Sprintf("r%d@example.org", i)), Sent)
	}
	if n := tried.Load(); n >= others/2 { // that often only in minutes: each rest is twice as long
		t.Errorf("composed in vain %d times", n)
	}
}

func TestEveryReaderOnce(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	var ids []int64
	for i := range 500 {
		ids = append(ids, w.deliver(fmt.Sprintf("r%d@example.org", i)))
	}
	w.start(w.s)
	w.until("the edition is settled", func() bool { return w.editionState() == "settled" })
	seen := map[string]int{}
	messageIDs := map[string]bool{}
	for _, m := range w.lab.Journal.Mails() {
		seen[m.To]++
		messageIDs[m.MessageID()] = true
		if m.From != "editor@news.example" || !strings.HasSuffix(m.MessageID(), "@news.example>") || strings.Contains(m.MessageID(), "example.org") {
			t.Fatalf("from %q, Message-ID %q", m.From, m.MessageID())
		}
	}
	if len(seen) != 500 || len(messageIDs) != 500 || w.lab.Journal.Len() != 500 {
		t.Fatalf("%d readers, %d ids, %d mails", len(seen), len(messageIDs), w.lab.Journal.Len())
	}
	if r := w.row(ids[3]); r.State != Sent || r.Tries != 1 || !strings.HasPrefix(r.Reply, "250") {
		t.Fatalf("%+v", r)
	}
	if n := w.count("attempt"); n != 0 {
		t.Fatalf("%d attempt rows for plain 250s", n)
	}
	if _, _, most := w.lab.Connections(); most > 3 {
		t.Fatalf("%d connections at once, 3 are allowed", most)
	}
}

// The settled edition opens again for a reader who catches up.
func TestLateReader(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.deliver("first@example.org")
	w.start(w.s)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	late := w.reader("late@example.org")
	w.exec(`UPDATE edition SET state = 'open' WHERE id = $1`, w.edition)
	w.queue(w.edition, late)
	w.untilState(late, Sent)
}

func TestRetryBySchedule(t *testing.T) {
	w := newWorld(t, smtptest.Options{NoMagic: true})
	gate := make(chan struct{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		select {
		case <-gate:
			return smtptest.Action{}
		default:
		}
		if e.Stage == smtptest.Final {
			return smtptest.Action{Reply: "451 4.3.0 later, <reader@example.org>"}
		}
		return smtptest.Action{}
	})
	id := w.deliver("reader@example.org")
	w.start(w.s)
	r := w.untilState(id, Deferred)
	now := w.clock.Now()
	if r.Due == nil || r.Due.Before(now.Add(5*time.Minute)) || r.Due.After(now.Add(6*time.Minute)) || r.Tries != 1 {
		t.Fatalf("%+v at %v", r, now)
	}
	if r.Reply != "451 4.3.0 later, <address>" {
		t.Fatalf("stored reply %q", r.Reply)
	}
	if n := w.count("attempt WHERE stage = 'final' AND code = 451 AND n = 1"); n != 1 {
		t.Fatalf("%d attempt rows", n)
	}
	w.clock.Advance(6 * time.Minute)
	w.until("a second try", func() bool { return w.row(id).Tries == 2 && w.row(id).State == Deferred })
	if r := w.row(id); r.Due.Before(w.clock.Now().Add(10 * time.Minute)) {
		t.Fatalf("second wait %v", r.Due.Sub(w.clock.Now()))
	}
	close(gate)
	w.clock.Advance(13 * time.Minute)
	if r := w.untilState(id, Sent); r.Tries != 3 || w.lab.Journal.Len() != 1 {
		t.Fatalf("%+v, %d mails", r, w.lab.Journal.Len())
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	var total time.Duration
	last := time.Duration(0)
	for tries := 1; ; tries++ {
		d, ok := retryAfter(tries)
		if !ok {
			break
		}
		if d < 5*time.Minute || d > lastRetry*6/5 || d < last*2/3 {
			t.Fatalf("wait %d is %v after %v", tries, d, last)
		}
		total, last = total+d, d
	}
	if total < 48*time.Hour || total > 120*time.Hour {
		t.Fatalf("gives up after %v", total)
	}
}

// Refusals that concern one reader leave the others alone; only a mailbox that
// is said not to exist is suppressed (E4, E15).
func TestRefusalsChargeOneReader(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	gone := w.deliver("550-5.1.1@example.org")
	domain := w.deliver("550-5.1.2@example.org")
	bare := w.deliver("550@example.org")
	policy := w.deliver("550-5.7.1@example.org")
	full := w.deliver("552-5.2.2@example.org")
	grey := w.deliver("450@example.org")
	good := w.deliver("good@example.org")
	poison := w.deliver("not an address")
	utf8 := w.deliver("користувач@example.org")
	w.start(w.s)
	for _, id := range []int64{gone, domain, bare, policy, full, poison} {
		if r := w.untilState(id, Failed); r.Tries != 1 || r.Reply == "" {
			t.Errorf("%d: %+v", id, r)
		}
	}
	w.untilState(grey, Deferred)
	w.untilState(good, Sent)
	w.untilState(utf8, Sent)
	if n := w.count("suppression"); n != 1 {
		t.Fatalf("%d suppressed", n)
	}
	if n := w.count("suppression p JOIN subscriber r USING (address_hash) WHERE r.id = $1 AND p.reason = 'hard bounce'", gone); n != 1 {
		t.Fatal("the wrong one is suppressed")
	}
	if n := w.count("attempt"); n != 7 {
		t.Fatalf("%d attempt rows", n)
	}
}

// D23: a relay that closes after some messages is normal.
func TestRelayClosesNowAndThen(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		return smtptest.Action{Close: e.Stage == smtptest.MAIL && e.Message > 5}
	})
	for i := range 60 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.start(w.s)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if n := w.count("delivery WHERE state = 'sent' AND tries = 1"); n != 60 || w.lab.Journal.Len() != 60 {
		t.Fatalf("%d sent, %d mails", n, w.lab.Journal.Len())
	}
}

// D17: a relay that takes nothing burns nobody's tries, says so, and is used
// again when it is back.
func TestRelayAway(t *testing.T) {
	for name, bad := range map[string]smtptest.Action{
		"banner":  {Reply: "421 4.3.2 not now", Close: true},
		"refused": {Reset: true},
	} {
		t.Run(name, func(t *testing.T) { relayAway(t, smtptest.Banner, bad) })
	}
	t.Run("MAIL", func(t *testing.T) { relayAway(t, smtptest.MAIL, smtptest.Action{Reply: "451 4.3.2 busy"}) })
	t.Run("DATA", func(t *testing.T) { relayAway(t, smtptest.DATA, smtptest.Action{Reply: "421 4.3.2 bye", Close: true}) })
}

func relayAway(t *testing.T, stage smtptest.Stage, bad smtptest.Action) {
	w := newWorld(t, smtptest.Options{})
	back := make(chan struct{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		select {
		case <-back:
			return smtptest.Action{}
		default:
		}
		if e.Stage == stage {
			return bad
		}
		return smtptest.Action{}
	})
	for i := range 20 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.start(w.s)
	w.until("the relay is shown as down", func() bool { return w.count("relay WHERE state = 'down' AND problem <> ''") == 1 })
	w.until("several probes", func() bool { return len(w.lab.Events(stage)) >= 5 })
	if n := w.count("delivery WHERE state = 'queued' AND tries = 0"); n != 20 {
		t.Fatalf("%d untouched, want 20", n)
	}
	close(back)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if n := w.count("delivery WHERE state = 'sent' AND tries = 1"); n != 20 || w.lab.Journal.Len() != 20 {
		t.Fatalf("%d sent, %d mails", n, w.lab.Journal.Len())
	}
	w.until("the relay is shown as ready", func() bool { return w.count("relay WHERE state = 'ready' AND problem = ''") == 1 })
	if n := w.count("attempt"); n != 0 {
		t.Fatalf("%d attempts charged", n)
	}
}

// Our sender refused: the edition stops with that as its reason, nobody is
// charged, the owners are told from another sender, and other newsletters go on
// through a relay that is well.
func TestSenderRefused(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.MAIL && e.From == "editor@news.example" {
			return smtptest.Action{Reply: "550 5.7.1 sender not allowed"}
		}
		return smtptest.Action{}
	})
	w.newsletter("other", "other@news.example")
	w.owner("owner@example.org", "en")
	id := w.deliver("reader@example.org")
	w.start(w.s)
	w.until("paused", func() bool { return w.editionState() == "paused" })
	if r := w.row(id); r.State != Queued || r.Tries != 0 {
		t.Fatalf("%+v", r)
	}
	var reason string
	w.one(&reason, `SELECT reason ->> 'name' FROM edition WHERE id = $1`, w.edition)
	if !strings.Contains(reason, "5.7.1") {
		t.Fatalf("reason %q", reason)
	}
	w.until("the owner is told", func() bool { return len(w.lab.Journal.To("owner@example.org")) == 1 })
	if from := w.lab.Journal.To("owner@example.org")[0].From; from != "other@news.example" || w.alerts(CauseSenderRefused) != 1 {
		t.Errorf("told from %s", from)
	}
	if n := w.count("relay WHERE state <> 'ready' OR problem <> ''"); n != 0 {
		t.Error("the relay is shown as unwell")
	}
	w.lab.Script(nil)
	w.exec(`UPDATE edition SET state = 'open', reason = NULL WHERE id = $1`, w.edition)
	w.exec(sqlNotify)
	w.untilState(id, Sent)
}

// Where a notice is refused there is no edition to say it at: it stands beside
// the relay, which is ready all the same, until a mail goes through.
func TestSenderOfANoticeRefused(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.MAIL {
			return smtptest.Action{Reply: "550 5.7.1 sender not allowed"}
		}
		return smtptest.Action{}
	})
	w.owner("owner@example.org", "en")
	w.enqueue(Notice{Kind: Confirmation, Locale: "en", SignupID: w.signup("new@example.org"), NewsletterID: 1})
	w.start(w.s)
	w.until("it is tried later", func() bool { return w.count("notice WHERE kind = 'confirmation' AND state = 'deferred'") == 1 })
	w.until("it is said where a person looks", func() bool { return w.count("relay WHERE state = 'ready' AND problem LIKE '%5.7.1%'") == 1 })
	w.until("the owner's mail was refused too", func() bool { return w.count("notice WHERE kind = 'alert' AND state = 'deferred'") == 1 })
	if n := w.alerts(CauseSenderRefused); n != 1 {
		t.Errorf("%d alerts: one of an alert's own refusal, too", n)
	}
	w.lab.Script(nil)
	w.untilState(w.deliver("reader@example.org"), Sent)
	w.until("and not any more", func() bool { return w.count("relay WHERE problem = ''") == 1 })
}

// D24: an edition that is refused as such stops by itself.
func TestEditionBreaker(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.RCPT && w.lab.Journal.Len() >= 30 {
			return smtptest.Action{Reply: "550 5.7.26 unauthenticated"}
		}
		return smtptest.Action{}
	})
	for i := range 300 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.owner("owner@example.org", "en")
	w.start(w.s)
	w.until("paused", func() bool { return w.editionState() == "paused" })
	if n := w.alerts(CauseEditionPaused); n != 1 {
		t.Errorf("%d alerts", n)
	}
	w.until("nothing under way", func() bool { return w.count("delivery WHERE state = 'sending'") == 0 })
	if n := w.count("delivery WHERE state = 'failed'"); n > 60 {
		t.Fatalf("%d refused before it stopped", n)
	}
	if n := w.count("suppression"); n != 0 {
		t.Fatalf("%d readers suppressed for our fault", n)
	}
}

// D21: a destination that wants less of us rests; the others go on.
func TestSlowProviderRests(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	again := make(chan struct{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		select {
		case <-again:
			return smtptest.Action{}
		default:
		}
		if e.Stage == smtptest.RCPT && strings.HasSuffix(e.To, "slow.example") {
			return smtptest.Action{Reply: "421 4.7.28 unusual rate of mail", Close: true}
		}
		return smtptest.Action{}
	})
	for i := range 40 {
		w.deliver(fmt.Sprintf("r%d@slow.example", i))
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.start(w.s)
	w.until("the others are served", func() bool { return w.count("delivery WHERE provider_id = 1 AND state = 'sent'") == 40 })
	if n := w.count("delivery WHERE provider_id = 2 AND tries > 0"); n == 0 || n > 3 {
		t.Fatalf("%d tries at the slow provider", n)
	}
	close(again)
	w.clock.Advance(15 * time.Minute)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if w.lab.Journal.Len() != 80 {
		t.Fatalf("%d mails", w.lab.Journal.Len())
	}
}

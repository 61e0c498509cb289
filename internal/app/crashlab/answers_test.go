package crashlab_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"vistka/internal/app"
	"vistka/internal/emailaddr"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/subscriber"
)

// TestAnswersLost loses the database's answers at random while an edition goes
// out and people sign up, confirm and leave (rule D8): a person who is
// told that something failed tries again, and what was told to have worked has.
func TestAnswersLost(t *testing.T) {
	t.Parallel()
	readers, people := sized(500, 2000), sized(4, 10)
	dice := newDice(t)
	l := newLab(t, dataDir(t), pgtest.URL(t), readers)
	p := newProxy(t, l.config.DatabaseURL, dice)
	n := l.node(dataDir(t))
	n.env = append(n.env, "VISTKA_DATABASE_URL="+p.url)
	if !long() { // a job that was claimed and not heard of waits for its rescue, which takes minutes
		n.env = append(n.env, "VISTKA_RUN=web,sender")
		jobs := l.node(dataDir(t))
		jobs.env = append(jobs.env, "VISTKA_RUN=web,jobs")
		jobs.start()
	}
	n.start()
	shop := l.shop(p.url)
	edition := l.publish(n)()
	l.accepted(1)
	p.losing.Store(true)

	for i := range people {
		l.signUp(shop, person(i), i)
	}
	for i := range people {
		l.confirm(shop, person(i))
		if i%2 == 0 {
			l.leave(shop, person(i))
		}
	}
	l.accepted(readers)
	p.losing.Store(false)
	f := l.reconcile(edition, readers)
	if f.Mails != readers {
		t.Errorf("%d mails to %d readers", f.Mails, readers)
	}
	if n := l.one(`SELECT count(*) FROM subscription s JOIN subscriber r ON r.id = s.subscriber_id WHERE r.address LIKE 'person-%'`); n != int64(people) {
		t.Errorf("%d people confirmed, %d are subscribed", people, n)
	}
	if n := l.one(`SELECT count(*) FROM consent_event e WHERE kind = 'confirmed' AND address_hash IN (SELECT address_hash FROM subscriber WHERE address LIKE 'person-%')`); n != int64(people) {
		t.Errorf("%d people confirmed, %d confirmations are on record", people, n)
	}
	for i := range people {
		want := int64(1 - (i+1)%2)
		if n := l.one(`SELECT count(*) FROM subscription s JOIN subscriber r ON r.id = s.subscriber_id WHERE r.address = $1 AND s.state = 'active'`, person(i)); n != want {
			t.Errorf("%s has %d active subscriptions, not %d", person(i), n, want)
		}
	}
	t.Logf("%d answers lost: %s", p.lost.Load(), f)
}

func person(i int) string { return fmt.Sprintf("person-%d@example.org", i) }

// shop is the use cases over the proxy, as the pages of a node have them.
func (l *lab) shop(url string) *app.App {
	l.t.Helper()
	cfg := l.config
	cfg.DatabaseURL = url
	a, err := app.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		if err := a.Close(); err != nil {
			l.t.Error(err)
		}
	})
	return a
}

func (l *lab) signUp(shop *app.App, address string, i int) {
	l.t.Helper()
	a, err := emailaddr.Parse(address)
	if err != nil {
		l.t.Fatal(err)
	}
	again(l.t, func(try byte) error {
		got, err := shop.Subscribers.SignUp(l.t.Context(), subscriber.SignUpRequest{
			NewsletterID: 1, Address: a, Locale: "en", Wording: "test/1", Attested: true,
			IP: netip.AddrFrom4([4]byte{198, 18, byte(i), try}),
		})
		if err == nil && got.Decision != subscriber.Accepted {
			l.t.Fatalf("%s: %s", address, got.Decision)
		}
		return err
	})
}

func (l *lab) confirm(shop *app.App, address string) {
	l.t.Helper()
	link := l.link(address)
	again(l.t, func(byte) error {
		c, err := shop.Subscribers.Confirm(l.t.Context(), link, subscriber.Evidence{})
		if err == nil && c.Outcome != subscriber.Confirmed && c.Outcome != subscriber.Already {
			l.t.Fatalf("%s: %s", address, c.Outcome)
		}
		return err
	})
}

func (l *lab) leave(shop *app.App, address string) {
	l.t.Helper()
	id := l.one(`SELECT id FROM subscriber WHERE address = $1`, address)
	again(l.t, func(byte) error {
		_, err := shop.Subscribers.Unsubscribe(l.t.Context(), subscriber.UnsubscribeToken(shop.Keys, 1, id), subscriber.FromHeader, subscriber.Evidence{})
		return err
	})
}

// again does what a person does who is told that something went wrong.
func again(t *testing.T, act func(try byte) error) {
	t.Helper()
	for try := range byte(100) {
		if act(try) == nil {
			return
		}
	}
	t.Fatal("it never worked")
}

var confirmLink = regexp.MustCompile(`/confirm/([A-Za-z0-9_-]+)`)

// link waits for the confirmation mail to an address.
func (l *lab) link(address string) (token string) {
	l.t.Helper()
	until(l.t, "the confirmation is mailed to "+address, func() bool {
		for _, m := range l.relay.Journal.To(address) {
			plain := strings.ReplaceAll(strings.ReplaceAll(string(m.Data), "=\r\n", ""), "=3D", "=")
			if found := confirmLink.FindStringSubmatch(plain); found != nil {
				token = found[1]
				return true
			}
		}
		return false
	})
	return token
}

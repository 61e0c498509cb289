package server_test

import (
	"strings"
	"testing"
	"time"

	"vistka/internal/emailaddr"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// notMine is the link "this wasn't me" that the last wish for another address mailed.
func (s *site) notMine(mailbox string) string {
	s.t.Helper()
	a, err := emailaddr.Parse(mailbox)
	if err != nil {
		s.t.Fatal(err)
	}
	id := int64(s.count(`SELECT max(id) FROM address_change`))
	return "/not-my-address/" + s.keys.Sign(token.NotMyAddress, subscriber.NotMyAddressPayload(s.n.ID, id, s.subs.Hasher.Sum(a.Key())))
}

// Whoever has a mailbox that a reader typed by mistake is asked once and never again.
func TestNotMyAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	data := s.fresh(c, "nadia@example.org")
	s.ask(data, "stranger@example.net")
	confirm, first := s.addressLink("address"), s.notMine("stranger@example.net")
	s.clock.Advance(20 * time.Minute)
	s.ask(data, "stranger@example.net") // replaces the first
	second := s.addressLink("address")
	before := s.state()
	ask := s.get(first)
	if ask.text("h1") != "It wasn’t you?" || !strings.Contains(ask.text("main"), "A reader of Media Watch asked") || s.state() != before {
		t.Fatalf("opened: %q", ask.text("main"))
	}
	form := fill(ask.doc, "form.act")
	if s.post(first, form, "Origin", baseURL); s.state() != before {
		t.Error("a program's press at once stopped it")
	}
	if got := s.pressOn(first); got.text("h1") != "We have stopped" {
		t.Errorf("pressed: %d %q", got.StatusCode, got.text("main"))
	}
	for _, link := range []string{confirm, second} {
		if got := s.get(link); got.text("h1") != "This link no longer works" {
			t.Errorf("the change still waits: %q", got.text("main"))
		}
	}
	mailed := len(s.notices)
	s.clock.Advance(20 * time.Minute)
	s.ask(s.fresh(c, "nadia@example.org"), "stranger@example.net")
	for _, n := range s.notices[mailed:] {
		if n.About == subscriber.AboutNewAddress {
			t.Error("asked again")
		}
	}
	s.ask(s.fresh(c, "nadia@example.org"), "own@example.net")
	if got := s.get(first); got.text("h1") != "We have stopped" {
		t.Errorf("second visit: %q", got.text("main"))
	}
	if s.count(`SELECT count(*) FROM address_change WHERE state = 'waiting' AND address = 'own@example.net'`) != 1 {
		t.Error("a wish for another mailbox was stopped along")
	}
}

// Once the change is done, that mailbox is told how its mails end.
func TestNotMyAddressOnceItIsDone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ask(s.fresh(s.subscribed("nadia@example.org"), "nadia@example.org"), "new@example.net")
	link := s.notMine("new@example.net")
	s.pressOn(s.addressLink("address"))
	if got := s.get(link).text("main"); !strings.Contains(got, "Media Watch has come to this mailbox") || !strings.Contains(got, "unsubscribe") {
		t.Errorf("its page: %q", got)
	}
}

// Whoever asked for a change can end it from the new mailbox. The old one still closes
// the link to the data that the change was asked with.
func TestOldMailboxClosesLinksOfAChangeThatHasEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	for name, end := range map[string]func(){
		"the new mailbox": func() { s.pressOn(s.notMine("stranger@example.net")) },
		"time":            func() { s.exec(`UPDATE address_change SET expires_at = $1`, s.clock.Now().Add(-time.Second)) },
	} {
		data := s.fresh(c, "nadia@example.org")
		s.ask(data, "stranger@example.net")
		keep := s.addressLink("keep-address")
		end()
		if s.get(data).StatusCode != 200 {
			t.Fatalf("%s: the link is closed before the press", name)
		}
		before := s.state()
		if got := s.get(keep); !strings.Contains(got.text("main"), "may still work") || got.doc.Find("form.act button").Length() != 1 || s.state() != before {
			t.Errorf("%s: nothing to press: %q", name, got.text("main"))
		}
		if got := s.pressOn(keep); got.text("h1") != "Your address stays" || !strings.Contains(got.text("main"), "no longer open anything") || got.doc.Find("form.act").Length() != 0 {
			t.Errorf("%s: pressed: %q", name, got.text("main"))
		}
		if got := s.get(data); got.StatusCode != 410 {
			t.Errorf("%s: the link still opens: %d", name, got.StatusCode)
		}
		s.clock.Advance(time.Hour)
		s.exec(`DELETE FROM address_change`)
	}
}

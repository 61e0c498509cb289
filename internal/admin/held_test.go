package admin

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"vistka/internal/account"
)

// A burst is settled with one press, either way.
func TestHeldBurst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, id, _, _ := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	state := func(want string) {
		t.Helper()
		if got := s.count("SELECT count(*) FROM article WHERE state = '" + want + "'"); got != 1 {
			t.Errorf("not %s", want)
		}
	}
	act := func(name string) {
		t.Helper()
		b.post("/admin/articles", url.Values{"act": {name}, "newsletter": {fmt.Sprint(n.ID)}})
	}
	hold := func() {
		s.exec("UPDATE article SET state = 'held', reason = '{\"key\": \"reason.words\", \"name\": \"a burst\"}' WHERE id = $1", id)
	}
	hold()
	for _, path := range []string{"/admin/articles?state=held", "/admin/"} {
		got := b.get(path)
		if got.Find("form button[value=release]").Length() != 1 || got.Find("form button[value=known]").Length() != 1 || !strings.Contains(got.text(".notice"), "1 article of The news is held.") {
			t.Fatalf("%s: no one press: %s", path, got.text("main"))
		}
	}
	act("known")
	state("baseline")
	act("known")
	if got := b.get("/admin/articles"); got.Find(".notice.bad").Length() != 1 {
		t.Error("nothing left to decide is not said")
	}
	hold()
	asked := b.post("/admin/articles", url.Values{"act": {"release"}, "newsletter": {fmt.Sprint(n.ID)}})
	state("held")
	if got := asked.text("form"); !strings.Contains(got, "The news has 60 readers.") || !strings.Contains(got, "Send 1 mail to each of 60") {
		t.Errorf("how many mails it makes is not said: %s", asked.text("main"))
	}
	b.press(asked)
	state("released")
	if n := s.count("SELECT count(*) FROM audit_event WHERE act IN ('articles.known', 'articles.release')"); n != 3 {
		t.Errorf("%d audit events", n)
	}
}

// The newest of a feed just added is offered by its title, and only until it is decided about.
func TestMailTheNewest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := s.newsletter("news")
	s.account(account.Owner)
	b := s.as(account.Owner)
	added := b.post("/admin/feeds", url.Values{"newsletter": {fmt.Sprint(n.ID)}, "url": {"https://news.example.org/feed/"}}).header.Get("Location")
	got := b.get(added)
	path, _ := got.Find("form:has(button[value=release])").Attr("action")
	if path == "" || got.text("form.notice strong") != "First" {
		t.Fatalf("not offered: %s", got.text("main"))
	}
	asked := b.post(path, url.Values{"act": {"release"}})
	if n := s.count("SELECT count(*) FROM article WHERE state = 'released'"); n != 0 || asked.text("form strong") != "First" {
		t.Errorf("a known article is released without a question: %s", asked.text("main"))
	}
	b.press(asked)
	if n := s.count("SELECT count(*) FROM article WHERE state = 'released'"); n != 1 {
		t.Errorf("%d released", n)
	}
	if got := b.get(added); got.Find("form.notice").Length() != 0 {
		t.Error("it is offered again")
	}
}

// A wrongly released article is taken back with what is not sent of it, and can be released again.
func TestWithdrawArticle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, id, _, editionID := s.seeded()
	a := s.account(account.Editor)
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/articles/%d", id)
	b.post(path, url.Values{"act": {"release"}, "sure": {"yes"}})
	if got := b.get(path); got.Find("button[value=withdraw]").Length() != 1 || got.Find("button[value=never]").Length() != 0 {
		t.Fatalf("no button: %s", got.text("main"))
	}
	b.post(path, url.Values{"act": {"withdraw"}, "reason": {"wrong names"}})
	got := b.get(path)
	if got.text(".state.withdrawn") == "" || got.Find(".notice.good").Length() != 1 || !strings.Contains(got.text(".timeline"), "wrong names The editor") {
		t.Fatalf("not withdrawn: %s", got.text("main"))
	}
	for state, want := range map[string]int{"queued": 0, "sent": 30, "cancelled": 10} {
		if n := s.count("SELECT count(*) FROM delivery WHERE edition_id = $1 AND state = $2", editionID, state); n != want {
			t.Errorf("%d deliveries are %s, want %d", n, state, want)
		}
	}
	if n := s.count("SELECT count(*) FROM audit_event WHERE act = 'article.withdraw' AND account_id = $1", a.ID); n != 1 {
		t.Errorf("%d audit events", n)
	}
	b.post(path, url.Values{"act": {"release"}, "sure": {"yes"}})
	if got := b.get(path); got.Find("h1 + p .state.released").Length() != 1 || got.Find("button[value=withdraw]").Length() != 1 {
		t.Errorf("not released again: %s", got.text("main"))
	}
	if n := s.count("SELECT count(*) FROM article WHERE state = 'released' AND withdrawn_at IS NULL AND seq = 1"); n != 1 {
		t.Error("released again, but not with the number it had")
	}
}

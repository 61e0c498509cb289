package admin

import (
	"fmt"
	"net/url"
	"testing"

	"vistka/internal/account"
)

// A burst is settled with one press, either way, and the newest of a new feed
// is mailed with one.
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
	hold := func() { s.exec("UPDATE article SET state = 'held', reason = 'a burst' WHERE id = $1", id) }
	hold()
	if got := b.get("/admin/articles?state=held"); got.Find("form button[value=release]").Length() != 1 || got.Find("form button[value=known]").Length() != 1 {
		t.Fatalf("no one press: %s", got.text("main"))
	}
	act("known")
	state("baseline")
	act("known")
	if got := b.get("/admin/articles"); got.Find(".notice.bad").Length() != 1 {
		t.Error("nothing left to decide is not said")
	}
	hold()
	act("release")
	state("released")
	if n := s.count("SELECT count(*) FROM audit_event WHERE act IN ('articles.known', 'articles.release')"); n != 3 {
		t.Errorf("%d audit events", n)
	}
}

func TestMailTheNewest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, _, _ := s.seeded()
	s.account(account.Owner)
	b := s.as(account.Owner)
	if got := b.get(fmt.Sprintf("/admin/feeds?added=%d", n.ID)); got.Find("form button[value=newest]").Length() != 1 {
		t.Fatalf("not offered: %s", got.text("main"))
	}
	b.post("/admin/articles", url.Values{"act": {"newest"}, "newsletter": {fmt.Sprint(n.ID)}})
	if n := s.count("SELECT count(*) FROM article WHERE state = 'released'"); n != 1 {
		t.Errorf("%d released", n)
	}
}

// A wrongly released article can be taken back, and released again.
func TestWithdrawArticle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, id, _, _ := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/articles/%d", id)
	b.post(path, url.Values{"act": {"release"}})
	if got := b.get(path); got.Find("button[value=withdraw]").Length() != 1 || got.Find("button[value=never]").Length() != 0 {
		t.Fatalf("no button: %s", got.text("main"))
	}
	b.post(path, url.Values{"act": {"withdraw"}, "reason": {"wrong"}})
	if got := b.get(path); got.text(".state.withdrawn") == "" || got.Find(".notice.good").Length() != 1 {
		t.Fatalf("not withdrawn: %s", got.text("main"))
	}
	if n := s.count("SELECT count(*) FROM audit_event WHERE act = 'article.withdraw'"); n != 1 {
		t.Errorf("%d audit events", n)
	}
}

package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"vistka/internal/account"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, _, _ := s.seeded()
	other := s.newsletter("other")
	s.account(account.Owner)
	b := s.as(account.Owner)
	path := fmt.Sprintf("/admin/feeds/%d/filters", s.count("SELECT id FROM feed"))
	form := url.Values{"newsletter": {fmt.Sprint(n.ID)}, "topics": {" Research\r\n\r\nResearch\r\nLaw, courts"}, "languages": {"Ukrainian"}}
	got := b.post(path, form)
	if got.status != http.StatusUnprocessableEntity || got.text("#e-languages") == "" || got.text("#f-topics") != "Research Research Law, courts" {
		t.Errorf("a language that is none: %d %s", got.status, got.text("main"))
	}
	form.Set("languages", "uk")
	if got := b.post(path, form); got.status != http.StatusSeeOther {
		t.Fatalf("not saved: %d", got.status)
	}
	if n := s.count(`SELECT count(*) FROM newsletter_feed WHERE filters = '{"topics": ["Research", "Law, courts"], "languages": ["uk"]}'`); n != 1 {
		t.Error("not stored as typed")
	}
	if n := s.count("SELECT count(*) FROM audit_event WHERE act = 'feed.filter'"); n != 1 {
		t.Errorf("%d audit events", n)
	}
	query := fmt.Sprintf("%s?newsletter=%d", path, n.ID)
	if got := b.get("/admin/feeds"); got.Find(`a[href="`+query+`"]`).Length() != 1 {
		t.Errorf("no way from the list of feeds: %s", got.text("table"))
	}
	if got := b.get(query); got.Find("#f-topics").Text() != "Research\nLaw, courts" || got.Find("#f-languages").Text() != "uk" {
		t.Errorf("shown: %s", got.text("main"))
	}
	for _, wrong := range []string{path, fmt.Sprintf("%s?newsletter=%d", path, other.ID)} {
		if got := b.get(wrong); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, got.status)
		}
	}
}

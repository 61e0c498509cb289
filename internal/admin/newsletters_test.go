package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/account"
)

func TestArchiveNewsletter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, articleID, _, _ := s.seeded()
	s.account(account.Owner)
	b := s.as(account.Owner)
	path := fmt.Sprintf("/admin/newsletters/%d", n.ID)
	got := b.get(path)
	if got.Find("form[action$=archive] input[name=sure][required]").Length() != 1 {
		t.Fatalf("not offered: %s", got.text("main"))
	}
	if got.Find("#f-slug").Length() != 0 || got.text("code") != "news" {
		t.Error("the short name looks as if it could be changed")
	}
	if got := b.post(path, url.Values{"name": {""}}); got.status != http.StatusUnprocessableEntity || got.text("code") != "news" {
		t.Errorf("the short name once something else is refused: %d %q", got.status, got.text("code"))
	}
	s.exec("UPDATE article SET state = 'held'")
	s.exec("UPDATE feed SET polled_at = now() - interval '1 day'")
	b.post(path+"/archive", url.Values{})
	if s.count("SELECT count(*) FROM newsletter WHERE archived_at IS NULL") != 1 {
		t.Fatal("archived without being sure")
	}
	b.post(path+"/archive", url.Values{"sure": {"yes"}})
	if s.count("SELECT count(*) FROM newsletter WHERE archived_at IS NOT NULL")+s.count("SELECT count(*) FROM audit_event WHERE act = 'newsletter.archive'") != 2 {
		t.Fatal("not archived, or without a trace")
	}
	if got := b.get(path); got.Find("form[action$=archive]").Length() != 0 || got.Find(".notice.warn").Length() != 1 {
		t.Errorf("its page: %s", got.text("main"))
	}
	if got := b.get("/admin/"); got.Find(".troubles a[href^='/admin/feeds'], .troubles a[href^='/admin/articles']").Length() != 0 {
		t.Errorf("Home worries about what is archived: %s", got.text(".troubles"))
	}
	if got := b.get(fmt.Sprintf("/admin/articles/%d", articleID)); got.Find("button[value=release]").Length() != 0 {
		t.Error("its articles look as if they could be mailed")
	}
	if got := b.post("/admin/feeds", url.Values{"newsletter": {fmt.Sprint(n.ID)}, "url": {"https://other.example.org/feed/"}}); got.status != http.StatusBadRequest {
		t.Errorf("a feed for it: %d", got.status)
	}
}

// A test shows what readers get: the newest released article, though a newer one waits.
func TestMailMeATest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, first, _, _ := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	s.exec(`WITH story AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason)
		SELECT $1, id, 'https://news.example.org/2', 'Second', now() + interval '1 hour', now(), 'never', '{"key": "reason.words"}' FROM story`, n.ID)
	second := s.count("SELECT id FROM article WHERE title = 'Second'")
	shown := func(want int) {
		t.Helper()
		b.post(fmt.Sprintf("/admin/newsletters/%d/test", n.ID), nil)
		if got := s.count("SELECT (content -> 'articles' ->> 0)::bigint FROM notice WHERE kind = 'test' ORDER BY id DESC LIMIT 1"); got != want {
			t.Errorf("article %d is shown, want %d", got, want)
		}
	}
	shown(second) // nothing is released yet: better a test with an article than one without
	b.post(fmt.Sprintf("/admin/articles/%d", first), url.Values{"act": {"release"}, "sure": {"yes"}})
	shown(int(first))
}

// What is wrong with a span is told in the unit that its field asks for, and
// languages are named in that of the page.
func TestNewsletterFormSaysItsUnits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, _, _ := s.seeded()
	s.account(account.Owner)
	b := s.as(account.Owner)
	path := fmt.Sprintf("/admin/newsletters/%d", n.ID)
	form := url.Values{}
	b.get(path).Find("form[action='" + path + "'] [name]").Each(func(_ int, field *goquery.Selection) {
		form.Set(field.AttrOr("name", ""), field.AttrOr("value", field.Text()))
	})
	form.Set("grace", "abc")
	form.Set("wait", "abc")
	got := b.post(path, form)
	if minutes, hours := got.text("#e-grace"), got.text("#e-wait"); !strings.Contains(minutes, "number of minutes") || !strings.Contains(hours, "number of hours") {
		t.Errorf("%q, %q", minutes, hours)
	}
	if label := got.text("label[for=f-thanks_uk]"); label != "Words of thanks (Ukrainian)" {
		t.Errorf("%q", label)
	}
	form.Set("thanks_uk", strings.Repeat("ї", 121))
	form.Set("site_url", "https://news.example.org/"+strings.Repeat("x", 2000))
	got = b.post(path, form)
	if uk, en := got.text("#e-thanks_uk"), got.Find("#e-thanks_en").Length(); !strings.Contains(uk, "120 characters") || en != 0 {
		t.Errorf("thanks in Ukrainian: %q; %d errors of those in English", uk, en)
	}
	if site := got.text("#e-site_url"); !strings.Contains(site, "up to 2,000 characters") {
		t.Errorf("an address that is too long: %q", site)
	}
	if got.Find("#h-logo_url").Length() != 1 {
		t.Error("nothing says where the logo is shown")
	}
}

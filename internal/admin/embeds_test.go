package admin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/account"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/web"
)

func TestEmbeds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := s.newsletter("news")
	s.account(account.Viewer)
	b := s.as(account.Viewer)
	path := fmt.Sprintf("/admin/newsletters/%d/embeds", n.ID)
	if got := b.get(path); got.Find(".notice.warn").Length() != 1 {
		t.Error("no word about the missing list of sites")
	}
	n.Origins, n.Name = []string{"https://site.example"}, `The "news" & <b>more</b>`
	if _, err := newsletter.Update(t.Context(), s.db, n); err != nil {
		t.Fatal(err)
	}
	got := b.get(path + "?form=uk")
	if !strings.Contains(got.text("main"), "https://site.example") || got.Find("#f-origins, a[href$='#f-origins']").Length() != 0 {
		t.Error("the sites are not listed, or a viewer is sent to change them")
	}
	_, integrity, err := page.Embedded(web.FS, embedScript)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range embedKinds() {
		source := got.Find("#html-" + kind).Text()
		snippet, err := goquery.NewDocumentFromReader(strings.NewReader(source))
		if err != nil {
			t.Fatal(err)
		}
		for _, banned := range []string{"style=", "onclick", "<b>", "&#43;"} {
			if strings.Contains(source, banned) {
				t.Errorf("%s holds %s", kind, banned)
			}
		}
		switch kind {
		case "frame":
			frame := snippet.Find("vistka-signup > iframe")
			if frame.AttrOr("src", "") != s.url+"/embed/news?lang=uk" || !strings.Contains(frame.AttrOr("title", ""), n.Name) {
				t.Errorf("frame: %s", source)
			}
		default:
			form := snippet.Find("form")
			if form.AttrOr("action", "") != s.url+"/subscribe" || form.Find("[name=newsletter]").AttrOr("value", "") != "news" ||
				form.Find("[name=lang]").AttrOr("value", "") != "uk" || len(form.Find("[name=wording]").AttrOr("value", "")) != 8 || form.Find("label[for=vistka-news]").Length() != 1 ||
				form.Find("[hidden] [name=website]").Length() != 1 || form.Find("button").Text() != "Підписатися" {
				t.Errorf("%s: %s", kind, source)
			}
		}
		if script := snippet.Find("script"); kind != "plain" && (script.AttrOr("integrity", "") != integrity || script.AttrOr("crossorigin", "") != "anonymous") {
			t.Errorf("%s: script %s", kind, source)
		}
		preview := got.Find("section[aria-labelledby=embed-"+kind+"] iframe").AttrOr("src", "")
		if may := got.Find("section[aria-labelledby=embed-"+kind+"] iframe").AttrOr("sandbox", "allow-top-navigation"); strings.Contains(may, "top-navigation") {
			t.Errorf("a link in the preview of %s takes the admin pages away: %q", kind, may)
		}
		shown := b.get(preview)
		if shown.status != http.StatusOK || !strings.HasSuffix(shown.header.Get("Content-Security-Policy"), "frame-ancestors 'self'") ||
			shown.Find("html").AttrOr("lang", "") != "uk" || shown.Find("form, iframe").Length() != 1 {
			t.Errorf("preview of %s: %d %v", kind, shown.status, shown.header)
		}
	}
	if !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-src 'self'") || !strings.HasSuffix(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("policy %s", got.header.Get("Content-Security-Policy"))
	}
	if got := b.get(path + "/nothing"); got.status != http.StatusNotFound {
		t.Errorf("no such kind: %d", got.status)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, id, _, _ := s.seeded()
	s.account(account.Viewer)
	b := s.as(account.Viewer)
	path := fmt.Sprintf("/admin/newsletters/%d/sources", n.ID)
	if got := b.get(path); got.Find(".empty a").Length() != 1 {
		t.Error("nothing to see, and no word what to do")
	}
	s.exec(`INSERT INTO signup_count (day, newsletter_id, article_url, requested, confirmed)
		VALUES (current_date - 40, $1, 'https://news.example.org/1', 5, 4), (current_date, $1, 'https://news.example.org/1', 1, 1),
		       (current_date, $1, 'https://news.example.org/%D1%97', 3, 2), (current_date, $1, '', 7, 0)`, n.ID)
	got := b.get(path)
	rows := got.Find("tbody tr")
	if rows.Length() != 3 || !strings.Contains(rows.First().Text(), "news.example.org/ї") || !strings.HasPrefix(rows.Last().Find("th").Text(), "Not known") {
		t.Errorf("30 days: %s", got.text("table"))
	}
	if share := rows.First().Find("td").Last().Text(); share != "67%" { // 2 of 3
		t.Errorf("share of what was confirmed: %s", share)
	}
	all := b.get(path + "?span=all")
	if first := all.Find("tbody tr").First(); first.Find(fmt.Sprintf("th a[href='/admin/articles/%d']", id)).Text() != "First" ||
		first.Find("td").First().Text() != "6" || first.Find("td").Last().Text() != "83%" {
		t.Errorf("all time: %s", all.text("table"))
	}
	if got := b.get("/admin/articles"); got.Find("tbody td.n").Text() != "5" {
		t.Errorf("the list of articles: %s", got.text("table"))
	}
	if got := b.get(fmt.Sprintf("/admin/articles/%d", id)); got.Find("dd a[href^='"+path+"']").Text() != "5" {
		t.Errorf("the article: %s", got.text("dl"))
	}
}

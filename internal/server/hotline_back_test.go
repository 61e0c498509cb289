package server_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"vistka/internal/hotline"
)

// The page after a request leads back to the article that its form stood under, by
// the same rule as after a sign-up: on a listed site, else to the site.
func TestHotlineLeadsBackToTheArticle(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	back := func(got answer) string { return got.doc.Find(".back a").AttrOr("href", "") }
	for from, want := range map[string]string{
		article: article, "": s.n.SiteURL, "https://elsewhere.example/a": s.n.SiteURL, "javascript:alert(1)": s.n.SiteURL,
		siteOrigin + ".elsewhere.example/a": s.n.SiteURL, "//elsewhere.example/a": s.n.SiteURL, siteOrigin + "\\@elsewhere.example/a": s.n.SiteURL,
		article + "?" + strings.Repeat("a", 2000): s.n.SiteURL,
	} {
		form := maps.Clone(snippets["/hotline/callback"])
		form.Set("article", from)
		thanks := s.press("/hotline/callback", form, "Origin", siteOrigin)
		s.clock.Advance(hotline.RetryAfter)
		if thanks.StatusCode != http.StatusOK || thanks.text(".reference dd") == "" || back(thanks) != want {
			t.Errorf("from %q: %d, back to %q, want %q", from, thanks.StatusCode, back(thanks), want)
		}
	}

	// Our own page, where something is to be mended, takes it along, and so does the language switch.
	form := maps.Clone(snippets["/hotline/complaint"])
	form.Set("article", article)
	form.Del("text")
	page := s.post("/hotline/complaint", form, "Origin", siteOrigin)
	s.clock.Advance(3 * time.Second)
	mended := fill(page.doc, "form.act")
	mended.Set("text", "It shows another street.")
	moved := s.post("/hotline/complaint", mended, "Origin", baseURL)
	if moved.StatusCode != http.StatusSeeOther || strings.Contains(moved.Header.Get("Location"), "who-pays") {
		t.Fatalf("%d to %q", moved.StatusCode, moved.Header.Get("Location"))
	}
	thanks := s.get(moved.Header.Get("Location"))
	if back(thanks) != article {
		t.Errorf("after mending: back to %q", back(thanks))
	}
	if got := s.get(thanks.doc.Find("a[hreflang=uk]").AttrOr("href", "")); back(got) != article || got.text("h1") == thanks.text("h1") {
		t.Errorf("in Ukrainian: back to %q", back(got))
	}
	s.exec("UPDATE newsletter SET origins = '{}'")
	if got := s.get(moved.Header.Get("Location")); back(got) != s.n.SiteURL {
		t.Errorf("no longer listed: back to %q", back(got))
	}
}

// The page after a request is in the language of the one before it, whatever a form
// has made of its field; so are those after other presses.
func TestThePageAfterAPressHasALanguageThatExists(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	c := s.subscribed("nadia@example.org")
	for _, press := range []struct{ field, query, header, want string }{
		{"xx", "uk", "en", "uk"}, {"", "uk", "en", "uk"}, {"", "", "uk", "uk"}, {"en-GB", "uk", "uk", "en"}, {"xx", "yy", "uk-UA", "uk"},
	} {
		form := maps.Clone(snippets["/hotline/callback"])
		form.Del("lang")
		settings := fill(s.get("/preferences/"+c.Preferences).doc, "main form")
		settings.Del("lang")
		if press.field != "" {
			form.Set("lang", press.field)
			settings.Set("lang", press.field)
		}
		query := ""
		if press.query != "" {
			query = "?lang=" + press.query
		}
		to := s.post("/hotline/callback"+query, form, "Origin", siteOrigin, "Accept-Language", press.header).Header.Get("Location")
		if !strings.HasSuffix(to, "&lang="+press.want) {
			t.Errorf("%+v: the hotline leads to %s", press, to)
		}
		to = s.post("/preferences/"+c.Preferences+query, settings, "Origin", baseURL).Header.Get("Location")
		if strings.Contains(to, "lang=xx") || press.query == "uk" && !strings.Contains(to, "lang="+press.want) {
			t.Errorf("%+v: the settings lead to %s", press, to)
		}
	}
}

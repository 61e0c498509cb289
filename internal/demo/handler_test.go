package demo

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/locale"
	"vistka/internal/locale/localetest"
	"vistka/web"
)

// newSite is a site as it is first opened, its words, and when that was.
func newSite(t *testing.T) (*Site, *locale.Catalog, time.Time) {
	t.Helper()
	catalog := localetest.Catalog(t)
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	site, err := Open(filepath.Join(t.TempDir(), "site.json"), now)
	if err != nil {
		t.Fatal(err)
	}
	return site, catalog, now
}

// Whoever publishes is told what became of the article, and where to look when
// no reader gets it; the answer waits until Vistka has read the feed.
func TestPublicationSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	site, catalog, now := newSite(t)
	vistka := httptest.NewServer(http.NotFoundHandler())
	defer vistka.Close()
	var asked []string
	fates := []Fate{Unseen, Held, Held} // of one publication: the last for the page
	h, err := Handler(site, Options{
		URL: "http://site.example", VistkaURL: vistka.URL, Newsletters: map[string]string{}, Catalog: catalog, Files: web.FS,
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Fate: func(_ context.Context, _, url string) (Fate, error) {
			asked = append(asked, url)
			fate := fates[0]
			fates = fates[1:]
			return fate, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	shown := do(http.MethodPost, "/en/publish").Header().Get("Location")
	said := func() *goquery.Selection {
		t.Helper()
		doc, err := goquery.NewDocumentFromReader(do(http.MethodGet, shown).Body)
		if err != nil {
			t.Fatal(err)
		}
		return doc.Find("[role=status]")
	}
	if got := said(); !strings.Contains(got.Text(), "no reader gets it yet") || got.Find("a").AttrOr("href", "") != vistka.URL+"/admin/articles?state=held" {
		t.Errorf("held: %q", got.Text())
	}
	if path, _, _ := strings.Cut(shown, "?"); len(asked) != 3 || asked[1] != "http://site.example"+path {
		t.Errorf("shown %q, asked after %q", shown, asked)
	}
	fates = []Fate{Taken, Unseen}
	if got := said().Text(); !strings.Contains(got, "in a few seconds") {
		t.Errorf("taken: %q", got)
	}
	if got := said().Text(); !strings.Contains(got, "Reload this page") {
		t.Errorf("unseen: %q", got)
	}
}

// The site says what becomes of an address, in each language, and its form and its
// pages lead there.
func TestPrivacyPage(t *testing.T) {
	t.Parallel()
	site, catalog, now := newSite(t)
	h, err := Handler(site, Options{
		URL: "http://site.example", VistkaURL: "http://mail.example", Newsletters: map[string]string{}, Catalog: catalog, Files: web.FS,
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	page := func(path string) *goquery.Document {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		doc, err := goquery.NewDocumentFromReader(w.Body)
		if err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d, %v", path, w.Code, err)
		}
		return doc
	}
	for _, lang := range languages {
		doc := page(PrivacyPath(lang))
		if doc.Find("html").AttrOr("lang", "") != lang || doc.Find("h1").Text() != catalog.For(lang).T("signup.privacy") || strings.Contains(doc.Text(), "[") {
			t.Errorf("%s: %s", lang, doc.Text())
		}
		other := page(doc.Find("a.lang").AttrOr("href", ""))
		if other.Find("html").AttrOr("lang", "") == lang || other.Find("h1").Length() != 1 {
			t.Errorf("%s: its other language is %q", lang, other.Find("h1").Text())
		}
		for _, at := range []string{".signup .terms a", ".foot a"} {
			if href := page(site.Articles(lang)[0].Path()).Find(at).AttrOr("href", ""); href != PrivacyPath(lang) {
				t.Errorf("%s: %s leads to %q", lang, at, href)
			}
		}
	}
}

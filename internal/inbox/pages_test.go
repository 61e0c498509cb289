package inbox

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/locale/localetest"
	"vistka/internal/page"
	"vistka/web"
)

const mail = "From: Newsroom <news@example.org>\r\nSubject: The headline\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<h1>The headline</h1>"

// The list and the mail tell the time in one zone and say which; the subject is
// the page's only heading, and the mail can be had without its frame.
func TestPages(t *testing.T) {
	t.Parallel()
	catalog := localetest.Catalog(t)
	pages, err := page.New(page.Options{FS: web.FS, Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	box, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := box.add("reader@example.org", []byte(mail)); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 7, 5, 0, 0, time.UTC)
	if err := os.Chtimes(box.path(1), at, at); err != nil {
		t.Fatal(err)
	}
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	routes := box.Routes(pages, func(context.Context) *time.Location { return kyiv })
	get := func(path string) *goquery.Document {
		t.Helper()
		r, w := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil), httptest.NewRecorder()
		r.RemoteAddr = "127.0.0.1:4711"
		routes.ServeHTTP(w, r)
		doc, err := goquery.NewDocumentFromReader(w.Body)
		if err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %v", path, w.Code, err)
		}
		return doc
	}
	if got := get("/").Find(".mails time").Text(); got != "09:05 Kyiv time" {
		t.Errorf("the list says %q", got)
	}
	doc := get("/1")
	if got := doc.Find(".envelope").Text(); !strings.Contains(got, "23 November 2026, 09:05 Kyiv time") || doc.Find("h1").Length() != 1 || doc.Find(".envelope h1").Text() != "The headline" {
		t.Errorf("the mail's page: %q", doc.Find("main").Text())
	}
	if doc.Find(`main a[href="/inbox/1/html"]`).Length() != 1 || get("/1/html").Find("h1").Text() != "The headline" {
		t.Error("the mail cannot be opened by itself")
	}
}

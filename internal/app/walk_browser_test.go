package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserWalk is the demo as a newcomer walks it: read, sign up, open the
// inbox, confirm, publish, get the article, leave. Once with scripts and in
// English, once without and in Ukrainian.
func TestBrowserWalk(t *testing.T) {
	for _, c := range []struct {
		lang, address string
		scripts       bool
	}{
		{"en", "newcomer@example.com", true},
		{"uk", "chytach@example.com", false},
	} {
		t.Run(c.lang, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			s := newStage(t)
			if !c.scripts {
				b.withoutScripts()
			}
			look := func(name string) {
				if c.scripts { // axe is a script itself
					b.look(c.lang + "-" + name)
				}
			}

			b.open(s.ready.SiteURL + c.lang + "/")
			look("1-site")
			b.follow(".river .lead h2 a")
			look("2-article")
			b.fill("#email", c.address)
			b.follow(".signup button")
			look("3-one-step-left")
			if page := b.text("main"); strings.Contains(page, c.address) {
				t.Errorf("the page tells the whole address:\n%s", page)
			}

			confirmation := s.mail(1)
			b.open(s.ready.InboxURL + "1?lang=" + c.lang)
			look("4-inbox-mail")
			b.open(s.link(confirmation, "/confirm/"))
			look("5-confirm")
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("6-confirmed")
			if got := s.subscribers(); got != 1 {
				t.Fatalf("%d subscribers after confirming, want 1", got)
			}
			s.mail(2) // the welcome

			b.open(s.ready.SiteURL + c.lang + "/")
			b.follow(".backstage button")
			title := b.text("h1")
			article := s.mail(3)
			if !strings.Contains(decodeSubject(t, article), title) {
				t.Errorf("subject %q does not hold the title %q", decodeSubject(t, article), title)
			}
			b.open(s.ready.InboxURL + "3?lang=" + c.lang)
			look("7-inbox-article")
			b.open(s.ready.InboxURL + "?lang=" + c.lang)
			look("8-inbox")

			b.open(s.link(article, "/preferences/"))
			look("9-preferences")
			b.open(s.link(article, "/unsubscribe/"))
			look("10-leave")
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("11-left")
			if got := s.subscribers(); got != 0 {
				t.Errorf("%d subscribers after leaving, want 0", got)
			}
		})
	}
}

// TestBrowserAdmin makes the first account and looks at every admin page.
func TestBrowserAdmin(t *testing.T) {
	b := newBrowser(t)
	s := newStage(t)
	b.open(s.ready.SetupURL + "&lang=en")
	b.look("admin-setup")
	b.fill("input[name=name]", "Duty editor")
	b.fill("input[name=address]", "desk@example.com")
	b.fill("input[name=password]", "correct horse battery staple")
	b.follow("main form button")
	for i, path := range []string{"", "articles", "editions", "deliveries", "subscribers", "newsletters", "newsletters/1", "feeds", "export"} {
		b.open(s.ready.URL + "/admin/" + path)
		b.look(fmt.Sprintf("admin-%d-%s", i, strings.ReplaceAll(path, "/", "-")))
	}
	if title := run(b, chromedp.Title()); title == "" {
		t.Error("a page without a title")
	}
}

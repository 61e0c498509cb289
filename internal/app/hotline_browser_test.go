package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserHotline asks for a call from the box beside an article and files a
// complaint on the page, in each language, with and without scripts; the desk
// hears of both and reads them.
func TestBrowserHotline(t *testing.T) {
	for _, c := range []struct {
		lang    string
		scripts bool
	}{{"en", true}, {"uk", true}, {"en", false}, {"uk", false}} {
		name := c.lang
		if !c.scripts {
			name += " without scripts"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			s := newStage(t)
			if !c.scripts {
				b.withoutScripts()
			}
			look := func(name string) {
				if c.scripts { // axe is a script itself
					b.look("hotline-" + c.lang + "-" + name)
				}
			}
			l := s.app.Catalog.For(c.lang)

			b.open(s.ready.SiteURL + c.lang + "/")
			b.follow(".river .lead h2 a")
			look("1-box")
			b.fill("#caller", "Nadia")
			b.fill("#phone", "call me")
			b.follow(".hotline form button")
			if got := b.text("#phone-error"); !strings.Contains(got, l.T("hotline.error.phone")) {
				t.Errorf("beside the field: %q", got)
			}
			if c.scripts {
				if got := run(b, chromedp.Evaluate[string](`document.activeElement.id`)); got != "phone" {
					t.Errorf("focus is on %q", got)
				}
			}
			look("2-error")
			run(b, chromedp.Clear(chromedp.CSS("#phone")))
			b.fill("#phone", "+380 44 123 45 67")
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("3-thanks")
			reference := b.text(".reference dd")
			if got := b.text("h1"); got != l.T("hotline.thanks_title") || reference == "" {
				t.Fatalf("%q", b.text("main"))
			}

			b.open(s.ready.SiteURL + c.lang + "/")
			b.follow(".river .lead h2 a")
			b.follow(".hotline .or a")
			look("4-complaint")
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("5-complaint-empty")
			b.fill("#subject", "A photo")
			b.fill("#text", "It shows another street.\nThe one of 12 May.")
			s.waitOutScannerGuard()
			b.follow("main form button")
			if got := b.text("h1"); got != l.T("hotline.thanks_title") || b.text(".reference dd") == reference {
				t.Fatalf("%q", b.text("main"))
			}

			b.open(s.ready.URL + "/embed/hotline?lang=" + c.lang)
			look("6-frame")
			b.fill("#phone", "044 000 00 01")
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("7-frame-thanks")
			if got := b.text("h1"); got != l.T("hotline.thanks_title") {
				t.Errorf("in a frame: %q", b.text("main"))
			}

			for n := range 3 {
				mail := s.mail(n + 1)
				if strings.Contains(mail, "street") || strings.Contains(mail, "123 45") || !strings.Contains(mail, "desk@checked.example") {
					t.Errorf("the desk's mail:\n%s", mail)
				}
			}
			if n := s.id(`SELECT count(*) FROM hotline_request WHERE language = $1`, c.lang); n != 3 {
				t.Errorf("%d requests", n)
			}
			if n := s.subscribers(); n != 0 {
				t.Errorf("%d were signed up", n)
			}
		})
	}
}

// TestBrowserHotlineDesk is the same from the other side of the log-in.
func TestBrowserHotlineDesk(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	s := newStage(t)
	b.open(s.ready.SetupURL + "&lang=en")
	b.fill("input[name=name]", "Duty editor")
	b.fill("input[name=address]", "desk@example.com")
	b.fill("input[name=password]", "correct horse battery staple")
	b.follow("main form button")

	b.open(s.ready.URL + "/admin/hotline")
	b.look("hotline-desk-0-empty")
	for _, form := range []string{
		"name=Nadia&phone=%2B380+44+123+45+67&best_time=after+six", "name=&phone=044+123+45+68",
	} {
		s.post("/hotline/callback", form)
	}
	s.post("/hotline/complaint", "subject=A+photo+of+another+street&contact=nadia%40example.org&text=It+shows+another+street.%0A%0AThe+one+of+12+May.&lang=uk")
	b.open(s.ready.URL + "/admin/hotline")
	b.look("hotline-desk-1-inbox")
	b.follow("tbody tr:first-child th a")
	b.look("hotline-desk-2-complaint")
	b.fill("#f-note", "Asked the author.")
	run(b, chromedp.SetValue(chromedp.CSS("#f-state"), "in progress"))
	b.follow("button[value=note]")
	if got := b.text(".timeline"); !strings.Contains(got, "In progress") || !strings.Contains(got, "Asked the author.") {
		t.Errorf("%q", got)
	}
	b.look("hotline-desk-3-noted")
	b.open(s.ready.URL + "/admin/hotline/1")
	b.look("hotline-desk-4-callback")
	b.open(s.ready.URL + "/admin/hotline/settings")
	b.look("hotline-desk-5-settings")
	b.open(s.ready.URL + "/admin/hotline/export")
	b.look("hotline-desk-6-export")
	b.open(s.ready.URL + "/admin/")
	b.look("hotline-desk-7-home")

	// Without the right, from this moment on.
	if err := s.app.Accounts.SetHotline(t.Context(), s.id(`SELECT id FROM account`), false, 0); err != nil {
		t.Fatal(err)
	}
	b.open(s.ready.URL + "/admin/hotline/1")
	b.look("hotline-desk-8-refused")
	if got := b.text("body"); strings.Contains(got, "Nadia") {
		t.Errorf("shown without the right: %q", got)
	}
}

// post sends a form as a site that names no origin.
func (s *stage) post(path, form string) {
	s.t.Helper()
	resp, err := http.Post(s.ready.URL+path, "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("POST %s: %s", path, resp.Status)
	}
}

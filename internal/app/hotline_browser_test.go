package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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
			if got := b.text("#phone-error"); !strings.Contains(got, l.T("hotline.error.phone_letters")) {
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
			b.size(1280, 900, "light")
			if wide := run(b, chromedp.Evaluate[float64](`Math.max(...[...document.querySelectorAll("main *")].map((part) => part.getBoundingClientRect().width))`)); wide > 640 {
				t.Errorf("in a frame as wide as a desk a line is %v px long", wide)
			}
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

// TestBrowserHotlineByKeyboard fills in both forms without a pointer: every
// field is reached in the order it stands in, and the decoy never.
func TestBrowserHotlineByKeyboard(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	s := newStage(t)
	for path, fields := range map[string][]struct{ id, keys string }{
		"/hotline/callback":  {{"name", "Nadia"}, {"phone", "+380 44 123 45 67"}, {"best_time", "after six"}, {"language", "У"}},
		"/hotline/complaint": {{"subject", "A photo"}, {"text", "It shows another street."}, {"contact", "nadia@example.org"}, {"language", "У"}},
	} {
		b.open(s.ready.URL + path + "?lang=en")
		s.waitOutScannerGuard()
		var reached []string
		for len(reached) < 40 && !slices.Contains(reached, "BUTTON") {
			b.press(kb.Tab)
			reached = append(reached, run(b, chromedp.Evaluate[string](`document.activeElement.id || document.activeElement.tagName`)))
			for _, field := range fields {
				if field.id == reached[len(reached)-1] {
					b.press(field.keys)
				}
			}
		}
		want := []string{fields[0].id, fields[1].id, fields[2].id, fields[3].id, "BUTTON"}
		if len(reached) < len(want) || !slices.Equal(reached[len(reached)-len(want):], want) {
			t.Fatalf("%s: Tab leads to %v", path, reached)
		}
		b.followKey(kb.Enter)
		if got := b.text("h1"); got != s.app.Catalog.For("en").T("hotline.thanks_title") {
			t.Errorf("%s: %q", path, b.text("main"))
		}
	}
	if n := s.id(`SELECT count(*) FROM hotline_request
		WHERE language = 'uk' AND (name = 'Nadia' AND phone = '+380 44 123 45 67' AND best_time = 'after six' OR text = 'It shows another street.' AND contact = 'nadia@example.org')`); n != 2 {
		t.Errorf("%d of 2 requests are as they were typed", n)
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
	preview := run(b, chromedp.Evaluate[string](`document.querySelector("iframe.preview[src*=frame]").src`))
	b.open(preview)
	if got := run(b, chromedp.Evaluate[string](`new Promise(done => {
		const frame = document.querySelector("iframe");
		const look = () => frame.contentDocument?.querySelector("h1") ? done(frame.contentDocument.querySelector("h1").textContent) : frame.addEventListener("load", look, {once: true});
		look();
	})`, chromedp.EvalAwaitPromise)); got != s.app.Catalog.For("en").T("hotline.callback.title") {
		t.Errorf("the preview of the frame shows %q", got)
	}
	b.open(s.ready.URL + "/admin/hotline/settings")
	b.fill("#f-desk_keys", "age1mistyped")
	b.follow("form[action='/admin/hotline/settings'] button")
	if got := b.text("#e-desk_keys"); !strings.Contains(got, "begins with age1") {
		t.Errorf("beside the keys: %q", got)
	}
	b.look("hotline-desk-5-wrong-key")
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	run(b, chromedp.SetValue(chromedp.CSS("#f-desk_keys"), key.Recipient().String()))
	b.follow("form[action='/admin/hotline/settings'] button")
	s.post("/hotline/callback", "name=Olha&phone=044+123+45+69")
	s.mail(4)
	b.open(s.ready.InboxURL + "4")
	b.look("hotline-desk-5-sealed-mail")
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

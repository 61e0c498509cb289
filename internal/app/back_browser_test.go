package app_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserBack goes back to pages of a reader's own: they are as things are
// now, also where the browser kept the whole page. What was sent to the hotline is
// not filled in again; what was typed and not sent is. A page that only a press makes
// is shown again, and the press is not made again.
func TestBrowserBack(t *testing.T) {
	t.Parallel()
	b, askingAnew := whole.tab(t), newBrowser(t)
	s := newStage(t)
	s.join("en", "reader@example.com")
	back := func(what, expression string) { t.Helper(); s.goes(b, `history.back()`, what, expression) }

	settings := s.link(s.mail(2), "/preferences/")
	s.backToConfirmation(askingAnew)
	s.backToSettings(askingAnew, settings)
	s.backToSettings(b, settings)

	b.open(s.ready.URL + "/n/checked-en?lang=en")
	b.fill("#email", "other@example.com")
	s.waitOutScannerGuard()
	b.follow("main form button")
	s.mail(5)
	b.fill("#code", "000000")
	b.follow("form[action='/subscribe/code'] button")
	b.follow(".buttons > a") // wrong address
	if got := run(b, chromedp.Evaluate[string](`document.activeElement.id`)); got != "email" {
		t.Errorf("for another address the cursor is in %q", got)
	}
	back("the wrong code", `location.pathname === "/subscribe/code" && !!document.querySelector("#code-error")`)
	back("what is left to do", `location.pathname === "/subscribe" && document.querySelector("h1").textContent === "One step left" && !document.querySelector("#code-error")`)
	if tries := s.id(`SELECT code_tries FROM signup WHERE address = 'other@example.com'`); tries != 1 {
		t.Errorf("the code was tried %d times", tries)
	}
	run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector("#code").form.action = "/preferences/none"`))
	b.follow("form[action='/preferences/none'] button")
	b.follow(".back a")
	back("what went wrong", `location.pathname === "/preferences/none" && !!document.querySelector(".back a")`)

	complaint := s.ready.URL + "/hotline/complaint?lang=en"
	b.open(complaint)
	b.fill("#subject", "A photo")
	b.fill("#text", "It shows another street.")
	b.follow(".aside a")
	back("what was typed and not sent", `document.querySelector("#text").value === "It shows another street."`)
	s.waitOutScannerGuard()
	s.goes(b, `document.querySelector("main form button").click()`, "the complaint is sent", `location.pathname.startsWith("/hotline/thanks/")`)
	back("an empty form", `document.readyState === "complete" && location.pathname === "/hotline/complaint" && document.querySelector("#text").value === ""`)

	b.open(s.ready.URL + "/hotline/callback?lang=en")
	b.fill("#name", "Nadia")
	b.fill("#phone", "+380 44 123 45 67")
	s.waitOutScannerGuard()
	b.follow("main form button")
	back("an empty form", `document.readyState === "complete" && location.pathname === "/hotline/callback" && document.querySelector("#name").value + document.querySelector("#phone").value === ""`)
}

// backToConfirmation presses too fast, presses again and goes back to where that was asked for.
func (s *stage) backToConfirmation(b *browser) {
	s.postForm(s.ready.URL+"/subscribe", url.Values{
		"email": {"quick@example.com"}, "newsletter": {"checked-en"}, "lang": {"en"}, "article": {s.ready.SiteURL + "en/"},
	})
	b.open(s.link(s.mail(3), "/confirm/"))
	b.follow("form.act button")
	if got := b.text("[role=alert]"); !strings.Contains(got, "Press once more") {
		s.t.Errorf("pressed at once: %q", got)
	}
	s.waitOutScannerGuard()
	b.follow("form.act button")
	s.goes(b, `history.back()`, "that it is confirmed", `document.readyState === "complete" && location.pathname.startsWith("/confirm/") &&
		document.querySelector("h1").textContent === "You are already confirmed"`)
	s.mail(4)
}

// backToSettings saves a setting, takes it back and goes back to where it was saved.
func (s *stage) backToSettings(b *browser, settings string) {
	b.open(settings)
	run(b, chromedp.Click(chromedp.CSS("input[name=cadence][value=weekly]")))
	b.follow("#settings > button")
	b.await(`document.activeElement.matches(".notice")`) // the browser's own doing: no script of the page moves it
	b.follow(".notice button")
	s.goes(b, `history.back()`, "the page of what was saved, as things are now", `document.readyState === "complete" && location.search.includes("undo=") &&
		document.querySelector("[value=instant]").checked && !document.querySelector(".notice")`)
}

// goes waits for what follows a page that the browser kept: no event of loading
// tells of it.
func (s *stage) goes(b *browser, script, what, expression string) {
	s.t.Helper()
	// Evaluate is answered before the page goes away.
	run(b, chromedp.Evaluate[chromedp.Void](`setTimeout(() => {`+script+`})`))
	s.until(what, func() bool { // the page may be going away just then
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		return err == nil && is
	})
}

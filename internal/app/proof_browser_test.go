package app_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vistka/internal/config"
)

// besiege brings a site whose budget is 40 mails an hour into attack mode: what
// proves nothing has taken its share, and more of it waits.
func besiege(s *stage) {
	s.t.Helper()
	_, err := s.app.Pool.Exec(s.t.Context(), `
		WITH spent AS (INSERT INTO signup_mail VALUES (date_trunc('minute', now()), 'unattested', 'elsewhere.example', 10))
		INSERT INTO signup (newsletter_id, address, address_key, locale, wording, created_at, expires_at, mail_due_at)
		SELECT (SELECT min(id) FROM newsletter), a, a, 'en', 'w', now(), now() + interval '72 hours', now()
		FROM (SELECT 'victim@host' || i || '.example' FROM generate_series(1, 8) i) AS made(a)`)
	if err != nil {
		s.t.Fatal(err)
	}
	s.until("attack mode", func() bool {
		if err := s.app.Subscribers.AnswerAll(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		return s.id(`SELECT count(*) FROM signup_gate WHERE spent_since IS NOT NULL`) == 1
	})
}

// TestBrowserProofOfWork signs up while a form is flooded: by keyboard, with
// scripts, in both languages, the browser works and the mail comes at once;
// without scripts one more press is enough, and the mail comes from the reserve.
func TestBrowserProofOfWork(t *testing.T) {
	t.Parallel()
	b := whole.tab(t)
	s := newStage(t, func(c *config.Config) { c.ProofOfWork, c.ConfirmationsPerHour = "attack", 40 })
	besiege(s)

	// The form under an article leads to our page, which has the address.
	b.open(s.ready.SiteURL + "uk/")
	b.follow(".river .lead h2 a")
	b.fill("#email", "chytachka@example.com")
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.KeyEvent(kb.Enter)))
	b.await(said("done"))
	if got := run(b, chromedp.Evaluate[string](`document.querySelector("#email").value + " " + document.activeElement.tagName`)); got != "chytachka@example.com BUTTON" {
		t.Errorf("the page has %q", got)
	}
	b.look("proof-1-hold")
	s.waitOutScannerGuard()
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.KeyEvent(kb.Enter)))
	if got := b.text("main"); !strings.Contains(got, "Залишився один крок") || strings.Contains(got, "чекає своєї черги") {
		t.Errorf("after the press: %q", got)
	}
	b.open(s.link(s.mailTo("chytachka@example.com"), "/confirm/"))
	s.waitOutScannerGuard()
	b.follow("main form button")
	if got := s.subscribers(); got != 1 {
		t.Errorf("%d subscribers", got)
	}

	// Whoever presses before the work is done waits for it, and is told so.
	hosted := s.ready.URL + "/n/checked-en?lang=en"
	b.open(hosted)
	run(b, chromedp.Evaluate[chromedp.Void](`window.fetch = () => new Promise(() => {})`))
	b.fill("#email", "reader@example.com")
	b.await(said("doing"))
	b.look("proof-2-doing")
	b.press(kb.Enter)
	b.await(said("wait"))
	b.look("proof-3-wait")

	b.open(hosted)
	run(b, chromedp.Evaluate[chromedp.Void](`
		const real = window.fetch;
		window.fetch = (...all) => new Promise((go) => window.goOn = go).then(() => real(...all));`))
	b.fill("#email", "reader@example.com")
	s.waitOutScannerGuard()
	b.press(kb.Enter)
	b.await(said("wait"))
	b.press(kb.Enter) // changes nothing
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Evaluate[chromedp.Void](`goOn()`)))
	if got := b.text("main"); !strings.Contains(got, "One step left") || strings.Contains(got, "may take an hour") {
		t.Errorf("after the wait: %q", got)
	}
	s.mailTo("reader@example.com")
	if got := s.id(`SELECT count(*) FROM proof_used`); got != 2 {
		t.Errorf("%d pieces of work were taken", got)
	}

	plain := newBrowser(t)
	plain.withoutScripts()
	plain.open(s.ready.SiteURL + "en/")
	plain.follow(".river .lead h2 a")
	plain.fill("#email", "plain@example.com")
	plain.follow(".signup button")
	if got := plain.text("main"); !strings.Contains(got, "press Subscribe") {
		t.Errorf("without scripts: %q", got)
	}
	s.waitOutScannerGuard()
	plain.follow("main form button")
	if got := plain.text("main"); !strings.Contains(got, "may take an hour") {
		t.Errorf("without scripts, pressed: %q", got)
	}
	s.waitOutScannerGuard() // as long as the reserve waits
	s.mailTo("plain@example.com")

	// What cannot be had does not keep the form.
	b.open(hosted)
	run(b, chromedp.Evaluate[chromedp.Void](`window.fetch = () => Promise.reject(new TypeError("blocked"))`))
	b.fill("#email", "blocked@example.com")
	s.waitOutScannerGuard()
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.KeyEvent(kb.Enter)))
	if got := b.text("main"); !strings.Contains(got, "may take an hour") {
		t.Errorf("without work: %q", got)
	}
}

// said is whether the form's status has the words of that name.
func said(words string) string {
	return `document.querySelector("form [role=status]").textContent === document.querySelector("form [role=status]").dataset.` + words
}

package server_test

import (
	"strings"
	"testing"
	"time"

	"vistka/internal/subscriber"
)

// Subscribe pressed twice is answered twice with the same bytes, and mailed once;
// the code of that mail works on either page, and the language pressed last holds.
func TestSubscribePressedTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	press := func(lang string) answer {
		form := foreign("nadia@example.org")
		form.Set("lang", lang)
		got := s.post("/subscribe", form, "Origin", siteOrigin)
		s.answerMails()
		return got
	}
	first, second := press("en"), press("en")
	if a, b := handle.ReplaceAllString(first.body, ""), handle.ReplaceAllString(second.body, ""); a != b || first.text("h1") != "One step left" {
		t.Errorf("answered otherwise:\n%s\n---\n%s", a, b)
	}
	s.clock.Advance(time.Minute)
	last := press("uk")
	if len(s.notices) != 1 || s.asked() != 1 {
		t.Errorf("%d mails, %d asked for", len(s.notices), s.asked())
	}
	code := fill(last.doc, "form[action='/subscribe/code']")
	code.Set("code", s.code(1))
	if got := s.press("/subscribe/code", code, "Origin", baseURL); got.text("h1") != "Дякуємо за підписку" || s.count("SELECT count(*) FROM subscription WHERE locale = 'uk'") != 1 {
		t.Errorf("the code of the one mail: %q", got.text("main"))
	}
}

// Once no code works any more the page asks for none; a mail that is sent again has
// one that works.
func TestCodesThatAreOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.post("/subscribe", foreign("nadia@example.org"), "Origin", siteOrigin)
	s.answerMails()
	code := fill(page.doc, "form[action='/subscribe/code']")
	code.Set("code", "000000")
	for page.doc.Find("#code").Length() > 0 {
		page = s.post("/subscribe/code", code, "Origin", baseURL)
	}
	link := "/confirm/" + subscriber.ConfirmToken(s.keys, s.signups()[0], 1) + "?lang=en"
	if s.count("SELECT code_tries FROM signup") != 5 || !page.errs() || !strings.Contains(page.text("#code-error"), "Press Confirm subscription in the mail instead") {
		t.Errorf("%q: %q", page.text("title"), page.text("main"))
	}
	// Nor does the page behind the link, not after a press that was too quick either.
	form := fill(s.get(link).doc, "form")
	if got := s.post(link, form, "Origin", baseURL); got.doc.Find("#code, #code-error").Length() != 0 || got.doc.Find("button[autofocus]").Text() != "Confirm" {
		t.Errorf("a quick press: %q", got.text("main"))
	}
	got := s.post(link, code, "Origin", baseURL)
	if !got.errs() || got.doc.Find("#code").Length() != 0 || got.doc.Find("button[autofocus][aria-describedby~='code-error']").Text() != "Confirm" ||
		!strings.Contains(got.text("#code-error"), "Press Confirm below") || !strings.Contains(got.text("#code-error"), "or sign up again") {
		t.Errorf("behind the link: %q", got.text("main"))
	}
	s.clock.Advance(3 * time.Minute)
	again := s.post("/subscribe/again", fill(page.doc, "form[action='/subscribe/again']"), "Origin", baseURL)
	if again.doc.Find("#code").Length() != 1 || again.text("#code-error") != "" {
		t.Errorf("sent again: %q", again.text("main"))
	}
}

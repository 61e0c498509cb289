package server_test

import (
	"strings"
	"testing"
	"time"
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
	if s.count("SELECT code_tries FROM signup") != 5 || !page.errs() || !strings.Contains(page.text("#code-error"), "Press Confirm subscription in the mail instead") {
		t.Errorf("%q: %q", page.text("title"), page.text("main"))
	}
	s.clock.Advance(3 * time.Minute)
	again := s.post("/subscribe/again", fill(page.doc, "form[action='/subscribe/again']"), "Origin", baseURL)
	if again.doc.Find("#code").Length() != 1 || again.text("#code-error") != "" {
		t.Errorf("sent again: %q", again.text("main"))
	}
}

package server_test

import (
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

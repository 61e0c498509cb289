package server_test

import (
	"strings"
	"testing"
	"time"
)

// Who presses faster than a person usually does is told so kindly, finds the
// same button focused, and need not wait again; the digits of the mail do as well.
func TestQuickPressIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.confirmLink("nadia@example.org")
	asked := func(got answer, button, words string) {
		t.Helper()
		if got.doc.Find("button[autofocus]").Text() != button || !strings.Contains(got.text("[role=alert]"), words) {
			t.Errorf("the button %q is focused, and the page says %q", got.doc.Find("[autofocus]").Text(), got.text("main"))
		}
	}

	notMe := s.get(s.get(link).doc.Find("a[href^='/not-me/']").AttrOr("href", ""))
	asked(s.post(notMe.doc.Find("form").AttrOr("action", ""), fill(notMe.doc, "form"), "Origin", baseURL), "Stop these mails", "with a mouse, a finger or the Enter key.")

	form := fill(s.get(link).doc, "form")
	s.clock.Advance(1500 * time.Millisecond)
	form.Set("lang", "uk")
	asked(s.post(link, form, "Origin", baseURL), "Підтвердити", "Натисніть ще раз")
	form.Set("lang", "en")
	again := s.post(link, form, "Origin", baseURL)
	asked(again, "Confirm", "Press once more")
	asked(again, "Confirm", "a finger or the Enter key. If this page stays as it is, type the six digits from the mail below.")
	digits := fill(again.doc, "form:has(#code)")
	digits.Set("code", "000000")
	if s.code(1) == "000000" {
		digits.Set("code", "000001")
	}
	if got := s.post(link, digits, "Origin", baseURL); got.text("#code-error") == "" || s.count(active) != 0 {
		t.Errorf("wrong digits: %q", got.text("main"))
	}
	s.clock.Advance(time.Second)
	if got := s.press(link, fill(again.doc, "form:not(:has(#code))"), "Origin", baseURL); s.count(active) != 1 {
		t.Fatalf("the second press, two seconds after the page was first shown: %q", got.text("main"))
	}

	other := s.confirmLink("oleh@example.org")
	digits.Set("code", s.code(2))
	if got := s.press(other, digits, "Origin", baseURL); s.count(active) != 2 || got.text("h1") != "Thank you for subscribing!" {
		t.Errorf("the digits: %q", got.text("main"))
	}

	leave := s.leaveLink(s.subscribed("petro@example.org"))
	form = fill(s.get(leave).doc, "form")
	for act, button := range map[string]string{"leave": "Unsubscribe", "weekly": "Once a week", "pause": "Pause for a month"} {
		form.Set("act", act)
		asked(s.post(leave, form), button, "Press once more")
	}
	s.clock.Advance(3 * time.Second)
	form.Set("act", "leave")
	s.press(leave, form)
	undo := fill(s.get(leave).doc, "form") // by the link, not by the press that left
	undo.Set("act", "undo")
	asked(s.post(leave, undo), "Restore my subscription", "Press once more")
}

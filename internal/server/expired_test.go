package server_test

import (
	"strings"
	"testing"
	"time"

	"vistka/internal/subscriber"
)

// What the pages behind a confirmation's link tell of a press is told while it is
// so: Back and Reload, after the reader has left or asked for another mail, say that.
func TestAConfirmationsPagesSayHowThingsAre(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.confirmLink("nadia@example.org")
	form := fill(s.get(link).doc, "form")
	s.clock.Advance(3 * time.Second)
	thanks := s.post(link, form, "Origin", baseURL).Header.Get("Location")
	if got := s.get(thanks); !strings.HasPrefix(got.text("h1"), "Thank you for subscribing") || got.text(".terms dd") != "Each article, as it comes out" {
		t.Fatalf("confirmed: %q", got.text("main"))
	}
	s.exec("UPDATE subscription SET cadence = 'weekly'")
	if got := s.get(thanks); got.text(".terms dd") != "Once a week" {
		t.Errorf("the reader's own cadence: %q", got.text("main"))
	}
	leave := "/unsubscribe/" + subscriber.UnsubscribeToken(s.keys, s.n.ID, int64(s.count("SELECT id FROM subscriber")))
	s.do(oneClick(leave, "application/x-www-form-urlencoded", urlencoded))
	for _, path := range []string{thanks, link} {
		got := s.get(path)
		if got.text("h1") != "You have left Media Watch" || got.doc.Find("input[name=fresh]").Length() != 1 {
			t.Errorf("left: %q", got.text("main"))
		}
		if undo := s.get(got.doc.Find("a[href^='/unsubscribe/']").AttrOr("href", "")); undo.doc.Find("button[value=undo]").Length() != 1 {
			t.Errorf("no way to take it back: %q", undo.text("main"))
		}
	}
	form = fill(s.get(link).doc, "form.act")
	s.clock.Advance(3 * time.Second)
	fresh := s.post(link, form, "Origin", baseURL).Header.Get("Location")
	const few = "An address gets only a few such mails a day"
	if got := s.get(fresh); got.text("h1") != "A fresh mail is on its way" || !strings.Contains(got.text("main"), few) {
		t.Errorf("asked for a fresh mail: %q", got.text("main"))
	}
	for _, path := range []string{thanks, link} {
		if got := s.get(path); got.text("h1") != "A newer link has replaced this one" || !strings.Contains(got.text("main"), few) {
			t.Errorf("replaced: %q", got.text("main"))
		}
	}
	newer := subscriber.ConfirmToken(s.keys, s.signups()[0], 2)
	if c, err := s.subs.Confirm(t.Context(), newer, subscriber.Evidence{}); err != nil || c.Outcome != subscriber.Confirmed {
		t.Fatalf("%+v, %v", c, err)
	}
	if got := s.get(fresh); got.text("h1") != "You are already confirmed" {
		t.Errorf("confirmed by the fresh mail: %q", got.text("main"))
	}
	s.do(oneClick(leave, "application/x-www-form-urlencoded", urlencoded))
	if got := s.get(fresh); got.text("h1") != "You have left Media Watch" {
		t.Errorf("left again: %q", got.text("main"))
	}
}

package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"vistka/internal/subscriber"
)

// While all sending is stopped a reader is told that the mail comes later, on
// every entrance and in the same words for every address; who stopped it and why
// is not told.
func TestAReaderIsToldThatMailIsLate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.subscribed("nadia@example.org")
	s.exec(`UPDATE sending SET state = 'stopped', reason = 'the relay leaks'`)
	const late = "Our mail is slower than usual just now"
	pages := map[string]string{}
	for _, email := range []string{"nadia@example.org", "vira@example.org"} {
		got := s.post("/subscribe", foreign(email), "Origin", siteOrigin)
		text := got.text("main")
		for _, want := range []string{late, "Once our mail comes to", "Still no mail?"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not told %q: %q", email, want, text)
			}
		}
		if strings.Contains(got.body, "leaks") || strings.Contains(text, "stop") {
			t.Errorf("%s is told why: %q", email, text)
		}
		pages[email] = strings.ReplaceAll(text, got.text("main strong"), "")
		s.clock.Advance(2 * time.Minute)
		form := fill(got.doc, "form[action='/subscribe/again']")
		if again := s.post("/subscribe/again", form); !strings.Contains(again.text("main"), late) || strings.Contains(again.text("main"), "is being sent again") {
			t.Errorf("again: %q", again.text("main"))
		}
	}
	if pages["nadia@example.org"] != pages["vira@example.org"] {
		t.Errorf("the pages differ: %q", pages)
	}
	if got := s.json("olha@example.org", "Origin", siteOrigin).body; !strings.Contains(got, late) || !strings.Contains(got, `"delayed":true`) {
		t.Errorf("JSON: %s", got)
	}
	trap := url.Values{"email": {"bot@example.org"}, "newsletter": {"watch"}, "lang": {"en"}, "website": {"x"}}
	if got := s.post("/subscribe", trap, "Origin", siteOrigin); !strings.Contains(got.text("main"), late) {
		t.Errorf("the trap answers otherwise: %q", got.text("main"))
	}
	c := s.subscribed("own@example.org")
	path, data := "/preferences/"+c.Preferences, s.fresh(c, "own@example.org")
	form := fill(s.get(path).doc, "section form")
	form.Set("act", "link")
	for range 2 {
		if got := s.press(path, form, "Origin", baseURL).text("[role=status]"); !strings.Contains(got, late) || strings.Contains(got, "have mailed") {
			t.Errorf("a link: %q", got)
		}
	}
	if got := s.press(data+"/consent", fill(s.get(data+"/consent").doc, "form.act"), "Origin", baseURL); !strings.Contains(got.text("[role=status]"), late) {
		t.Errorf("the receipt: %q", got.text("main"))
	}
	if got := s.get(s.ask(data, "own@example.net").Header.Get("Location")); !strings.Contains(got.text("[role=status]"), late) {
		t.Errorf("another address: %q", got.text("main"))
	}
	if got := s.get(data); strings.Contains(got.text("main"), late) {
		t.Errorf("without a press: %q", got.text("main"))
	}
	s.do(oneClick(s.leaveLink(c), "application/x-www-form-urlencoded", urlencoded))
	s.clock.Advance(time.Hour)
	if got := s.press(path, form, "Origin", baseURL); !strings.Contains(got.text("[role=status]"), late) {
		t.Errorf("a link, for who has left: %q", got.text("main"))
	}
	s.post("/subscribe", foreign("expired@example.org"), "Origin", siteOrigin)
	all := s.signups()
	expired := "/confirm/" + subscriber.ConfirmToken(s.keys, all[len(all)-1], 1)
	s.clock.Advance(73 * time.Hour)
	fresh := fill(s.get(expired).doc, "form.act")
	s.clock.Advance(3 * time.Second)
	if got := s.press(expired, fresh, "Origin", baseURL); got.text("h1") != "A fresh mail is on its way" || !strings.Contains(got.text("[role=status]"), late) {
		t.Errorf("a fresh confirmation: %q", got.text("main"))
	}
	s.exec(`UPDATE sending SET state = 'on'`)
	if got := s.post("/subscribe", foreign("iryna@example.org"), "Origin", siteOrigin); strings.Contains(got.text("main"), late) {
		t.Errorf("mail goes out again: %q", got.text("main"))
	}
}

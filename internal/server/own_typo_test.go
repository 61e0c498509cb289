package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A slip in the new address is no mistake: it is asked about, once, and mended with
// one press.
func TestTypoInANewAddressIsSuggestedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	data := s.fresh(s.subscribed("nadia@example.org"), "nadia@example.org")
	const waiting = `SELECT count(*) FROM address_change WHERE state = 'waiting' AND address = `
	for _, c := range []struct{ press, want string }{{"", "nadia@gmial.com"}, {"suggested", "nadia@gmail.com"}} {
		form := fill(s.get(data).doc, "form[action$='/address']")
		form.Set("email", "nadia@gmial.com")
		s.clock.Advance(3 * time.Second)
		hint := s.post(data+"/address", form, "Origin", baseURL)
		for _, got := range []answer{hint, s.inUkrainian(hint)} {
			if got.StatusCode != http.StatusUnprocessableEntity || got.doc.Find("[aria-invalid], .error").Length() != 0 || strings.HasPrefix(got.text("title"), "Error") ||
				got.doc.Find("#email[autofocus][aria-describedby~=email-typo]").Length() != 1 {
				t.Errorf("%d %q", got.StatusCode, got.text("section:has(#email)"))
			}
			if button := got.doc.Find("#email-typo button[name=suggested]"); button.AttrOr("value", "") != "nadia@gmail.com" || got.doc.Find("form[action$='/address'] button").First().AttrOr("name", "") != "" {
				t.Errorf("the buttons: %q", got.text("form[action$='/address']"))
			}
		}
		form = fill(hint.doc, "form[action$='/address']")
		if c.press != "" {
			form.Set(c.press, hint.doc.Find("button[name=suggested]").AttrOr("value", ""))
		}
		s.clock.Advance(3 * time.Second)
		if got := s.press(data+"/address", form, "Origin", baseURL); s.count(waiting+"'"+c.want+"'") != 1 {
			t.Errorf("%s: %q", c.want, got.text("main"))
		}
	}
}

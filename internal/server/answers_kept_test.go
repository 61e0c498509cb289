package server_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"
)

// An answer to a press that tells nothing of its reader is kept for Back; one that
// does is stored nowhere.
func TestAnswersAreKeptForBack(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	c := s.subscribed("olha@example.org")
	settings := "/preferences/" + c.Preferences
	own := fill(s.get("/n/watch?lang=en").doc, "main form")
	with := func(form url.Values, pairs ...string) url.Values {
		form = maps.Clone(form)
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	post := func(path string, form url.Values) answer { return s.post(path, form, "Origin", baseURL) }
	complaint := fill(s.get("/hotline/complaint?lang=en").doc, "main form")
	confirm := s.confirmLink("third@example.org")
	pressed := fill(s.get(confirm).doc, "form.act")
	s.clock.Advance(3 * time.Second)
	sent := post("/subscribe", with(own, "email", "nadia@example.org"))
	again, code := fill(sent.doc, "form[action='/subscribe/again']"), fill(sent.doc, "form[action='/subscribe/code']")
	for name, c := range map[string]struct {
		got    answer
		status int
		kept   bool
	}{
		"one step left":   {sent, 200, true},
		"send again":      {post("/subscribe/again", again), 200, true},
		"wrong code":      {post("/subscribe/code", with(code, "code", "000000")), 422, true},
		"no address":      {post("/subscribe", with(own, "email", "")), 422, true},
		"a wrong address": {post("/subscribe", with(own, "email", "nadia@")), 422, false},
		"typed before":    {post("/subscribe", with(own, "email", "", "kept", "nadia@gmial.com")), 422, false},
		"no newsletter":   {post("/subscribe", with(own, "newsletter", "none", "email", "nadia@example.org")), 404, true},
		"no press":        {post(settings, url.Values{"act": {"none"}}), 400, true},
		"settings":        {post(settings, url.Values{"pause": {"date"}, "until": {"2020-01-01"}}), 422, false},
		"complaint":       {post("/hotline/complaint", with(complaint, "text", "")), 422, false},
		"a wrong digit":   {post(confirm, with(pressed, "code", "000000")), 422, false},
		"somebody's name": {post("/subscribe/code", with(code, "to", "na..@example.org")), 400, true},
	} {
		control, want := c.got.Header.Get("Cache-Control"), "no-store"
		if c.kept {
			want = "private, no-cache"
		}
		if c.got.StatusCode != c.status || control != want {
			t.Errorf("%s: %d, %s", name, c.got.StatusCode, control)
		}
		if c.kept && strings.Contains(c.got.body, "nadia@") {
			t.Errorf("%s: the address is kept:\n%s", name, c.got.body)
		}
	}
	for _, want := range []string{"Thank you for subscribing!", "You are already confirmed"} {
		if got := s.press(confirm, pressed, "Origin", baseURL); got.text("h1") != want {
			t.Errorf("confirmed: %q, want %q", got.text("h1"), want)
		}
	}
	if got := s.get(confirm); got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page with an address of its own: %s", got.Header.Get("Cache-Control"))
	}
}

// An error page that answers a press says the same in the other language; the press
// is not made again.
func TestFailuresInAnotherLanguage(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	c := s.subscribed("olha@example.org")
	settings, data := "/preferences/"+c.Preferences, s.fresh(c, "olha@example.org")
	english := func(path string, form url.Values) answer {
		form.Set("lang", "en")
		return s.post(path, form, "Origin", baseURL)
	}
	leave := fill(s.get(s.leaveLink(c)).doc, "form.act")
	s.clock.Advance(3 * time.Second)
	failed := map[string]answer{
		"no press":  english(settings, url.Values{"act": {"none"}}),
		"no link":   english("/not-me/x", leave),
		"too large": s.post("/hotline/complaint?lang=en", url.Values{"text": {strings.Repeat("я", 160_000)}}, "Origin", baseURL),
		"elsewhere": s.post(settings+"?lang=en", url.Values{}, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"),
	}
	s.exec(`ALTER TABLE consent_event RENAME TO away`)
	failed["ours"] = english(data+"/consent", url.Values{})
	s.exec(`ALTER TABLE away RENAME TO consent_event`)
	for name, got := range failed {
		before := len(s.notices)
		there := s.inUkrainian(got)
		if there.doc.Find("html").AttrOr("lang", "") != "uk" || there.StatusCode != got.StatusCode || got.StatusCode < 400 || there.text("h1") == got.text("h1") {
			t.Errorf("%s: %d %q, then %d %q", name, got.StatusCode, got.text("main"), there.StatusCode, there.text("main"))
		}
		if id := got.text("main code"); there.text("main code") != id || (id == "") != (got.StatusCode < 500) {
			t.Errorf("%s: request %q, then %q", name, id, there.text("main code"))
		}
		if back := s.inEnglish(there); back.text("main") != got.text("main") {
			t.Errorf("%s: back in English %q", name, back.text("main"))
		}
		if len(s.notices) != before {
			t.Errorf("%s: something was done", name)
		}
	}
	for _, path := range []string{"/archive/watch", "/nowhere"} { // where nothing is pressed
		got := english(path, url.Values{})
		if at := got.doc.Find("header nav a[lang=uk]").AttrOr("href", ""); got.StatusCode < 400 || at != path+"?lang=uk" {
			t.Errorf("%s: %d, leads to %s", path, got.StatusCode, at)
		}
	}
}

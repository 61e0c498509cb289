package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vistka/internal/subscriber"
)

// Whatever stands in the way, one press on our own page mends it, and nothing
// has to be typed again.
func TestHotlineIsJudgedAsSignUpsAre(t *testing.T) {
	t.Parallel()
	for path, form := range snippets {
		for name, c := range map[string]struct {
			origin string
			status int
		}{
			"listed":               {siteOrigin, http.StatusSeeOther},
			"none":                 {"", http.StatusSeeOther},
			"null":                 {"null", http.StatusSeeOther},
			"not listed":           {"https://elsewhere.example", http.StatusForbidden},
			"ours without a token": {baseURL, http.StatusUnprocessableEntity},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				t.Parallel()
				s := hotlineSite(t)
				var headers []string
				if c.origin != "" {
					headers = []string{"Origin", c.origin}
				}
				got := s.post(path, form, headers...)
				if got.StatusCode != c.status {
					t.Errorf("status %d", got.StatusCode)
				}
				if c.status == http.StatusSeeOther {
					if s.requests() != 1 {
						t.Error("not stored")
					}
					return
				}
				if s.requests() != 0 {
					t.Error("stored")
				}
				kept := s.kept(got)
				fast := s.post(path, kept, "Origin", baseURL)
				if fast.StatusCode != http.StatusUnprocessableEntity || s.requests() != 0 {
					t.Errorf("within two seconds: %d", fast.StatusCode)
				}
				s.clock.Advance(25 * time.Hour)
				stale := s.post(path, s.kept(fast), "Origin", baseURL)
				if !strings.Contains(stale.text("[role=alert]"), "open too long") || s.requests() != 0 {
					t.Errorf("a day later: %q", stale.text("[role=alert]"))
				}
				kept = s.kept(stale)
				s.clock.Advance(3 * time.Second)
				if done := s.press(path, kept, "Origin", baseURL); done.text("h1") != "Thank you for reaching out" || s.requests() != 1 {
					t.Errorf("pressed: %q", done.text("main"))
				}
			})
		}
	}
}

// kept is what the form of a page would post, the text with it.
func (s *site) kept(a answer) url.Values {
	s.t.Helper()
	form := fill(a.doc, "main form")
	if text := a.doc.Find("main form textarea"); text.Length() > 0 {
		form.Set("text", strings.TrimPrefix(text.Text(), "\n"))
	}
	for _, field := range []string{"name", "phone", "best_time", "subject", "text", "contact"} {
		for _, snippet := range snippets {
			if want := snippet.Get(field); want != "" && form.Has(field) && form.Get(field) != want {
				s.t.Errorf("%s is lost: %q", field, form.Get(field))
			}
		}
	}
	return form
}

// Whoever fills in what only programs see gets no thanks: a person whose browser
// did it must not believe that the desk has the request.
func TestHotlineHoneypot(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	form := maps.Clone(snippets["/hotline/complaint"])
	form.Set("website", "https://spam.example")
	for range 2 { // a program fills it in again and again
		got := s.post("/hotline/complaint", form, "Origin", siteOrigin)
		if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.text("[role=alert]"), "One more press") {
			t.Errorf("%d %q", got.StatusCode, got.text("main"))
		}
		if s.requests() != 0 || len(s.desk.told) != 0 {
			t.Error("stored")
		}
		form = s.kept(got)
		if form.Get("website") != "" {
			t.Error("the decoy is handed back filled in")
		}
		s.clock.Advance(3 * time.Second)
		form.Set("website", "https://spam.example")
	}
	form.Set("website", "") // a person's browser did it once
	if got := s.press("/hotline/complaint", form, "Origin", baseURL); got.text("h1") != "Thank you for reaching out" || s.requests() != 1 {
		t.Errorf("a person: %q", got.text("main"))
	}
}

// Work is for sign-ups (adr/0016): even at the height of an attack on them no
// browser of somebody in need is made to calculate, and no request waits for it.
func TestHotlineAsksForNoWork(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	s.subs.ProofOfWork = subscriber.ProofAlways
	s.exec("UPDATE signup_gate SET spent_since = now()")
	if s.get("/n/watch").doc.Find("[data-challenge]").Length() != 1 {
		t.Error("the sign-up asks for none: nothing is shown by what follows")
	}
	for path, form := range snippets {
		for _, at := range []string{path, "/embed/hotline?form=" + strings.TrimPrefix(path, "/hotline/")} {
			if n := s.get(at).doc.Find("[data-challenge], [name=altcha], script[src*='proof.']").Length(); n != 0 {
				t.Errorf("%s asks for work", at)
			}
		}
		if got := s.post(path, form, "Origin", siteOrigin); got.StatusCode != http.StatusSeeOther {
			t.Errorf("%s without work: %d", path, got.StatusCode)
		}
	}
	if s.requests() != 2 {
		t.Errorf("%d of 2 requests are stored", s.requests())
	}
}

func TestHotlineLimits(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	post := func(i int, form url.Values, origin string) answer {
		form = maps.Clone(form)
		form.Set("phone", fmt.Sprint("044123", 1000+i))
		return s.post("/hotline/callback", form, "Origin", origin)
	}
	form := snippets["/hotline/callback"]
	for i := range 5 {
		if got := post(i, form, siteOrigin); got.StatusCode != http.StatusSeeOther {
			t.Fatal(got.StatusCode)
		}
	}
	got := post(6, form, siteOrigin)
	if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" || !strings.Contains(got.text("[role=alert]"), "press the button") {
		t.Fatalf("%d %q", got.StatusCode, got.text("main"))
	}
	own := fill(got.doc, "main form")
	s.clock.Advance(3 * time.Second)
	for i := range 45 {
		if got = post(100+i, own, baseURL); got.StatusCode == http.StatusTooManyRequests {
			break
		}
	}
	if got.StatusCode != http.StatusTooManyRequests || !strings.Contains(got.text("[role=alert]"), "10 minutes") || got.doc.Find("#name").AttrOr("value", "") != "Nadia" {
		t.Errorf("%d %q", got.StatusCode, got.text("[role=alert]"))
	}
	if n := s.count(`SELECT count(*) FROM request_limit`); n != 0 {
		t.Errorf("%d counters that name networks", n)
	}
}

// Eight pages in Cyrillic are too long, and no reason to lose them.
func TestHotlineHandsALongComplaintBack(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	form := maps.Clone(snippets["/hotline/complaint"])
	form.Set("text", strings.Repeat("правда ", 5000))
	got := s.post("/hotline/complaint", form, "Origin", siteOrigin)
	if got.StatusCode != http.StatusUnprocessableEntity || strings.TrimSpace(got.doc.Find("#text").Text()) != strings.TrimSpace(form.Get("text")) || got.text("#text-error") == "" {
		t.Errorf("%d, %d octets of text", got.StatusCode, len(got.doc.Find("#text").Text()))
	}
}

// What is longer than a request may be is answered in the page's language, with how
// long it may be and where it still is.
func TestComplaintTooLargeForARequest(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	form := maps.Clone(snippets["/hotline/complaint"])
	form.Set("text", strings.Repeat("я", 60_000))
	for lang, words := range map[string][]string{"en": {"5,000 characters", "Press Back"}, "uk": {"5\u00a0000 символів", "«Назад»"}} {
		action := s.get("/hotline/complaint?lang="+lang).doc.Find("main form").AttrOr("action", "")
		got := s.post(action, form, "Origin", baseURL)
		main := got.doc.Find("main").Text()
		if got.StatusCode != http.StatusRequestEntityTooLarge || got.doc.Find("html").AttrOr("lang", "") != lang || !strings.Contains(main, words[0]) || !strings.Contains(main, words[1]) {
			t.Errorf("%s: %d %q", lang, got.StatusCode, main)
		}
	}
	form = url.Values{"name": {strings.Repeat("я", 60_000)}}
	if got := s.post("/hotline/callback?lang=en", form, "Origin", baseURL); got.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(got.text("main"), "256 KB") {
		t.Errorf("a callback: %d %q", got.StatusCode, got.text("main"))
	}
}

// Whatever is wrong with what is posted, there is an end to it.
func TestHotlineGate(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	form := url.Values{"phone": {""}, "name": {"Nadia"}}
	for i := range 600 {
		if got := s.post("/hotline/callback", form, "Origin", siteOrigin); got.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("post %d: %d", i+1, got.StatusCode)
		}
	}
	got := s.post("/hotline/callback", form, "Origin", siteOrigin)
	if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") != "600" || got.doc.Find("#name").AttrOr("value", "") != "Nadia" {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
	if log := s.log.String(); log != "" {
		t.Errorf("in the log:\n%s", log)
	}
}

package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vistka/internal/altcha"
	"vistka/internal/altcha/altchatest"
	"vistka/internal/subscriber"
)

// challenge is what a script gets to work on.
func (s *site) challenge(headers ...string) altcha.Challenge {
	s.t.Helper()
	got := s.get("/api/v1/challenge", headers...)
	var c altcha.Challenge
	if err := json.Unmarshal([]byte(got.body), &c); got.StatusCode != http.StatusOK || err != nil {
		s.t.Fatalf("challenge: %d %s", got.StatusCode, got.body)
	}
	return c
}

// flooded is a site in attack mode, with room left for what proves something:
// posts that say nothing of where they come from have spent their share.
func flooded(t *testing.T) (*site, map[string]int) {
	s, mails := besieged(t)
	s.subs.Budget, s.subs.ProofOfWork = 40, subscriber.ProofAttack
	for i := range 20 {
		s.post("/subscribe", foreign(fmt.Sprintf("victim@host%d.example", i)), "X-Forwarded-For", fmt.Sprintf("10.0.%d.1", i))
	}
	s.answerMails()
	if s.count("SELECT count(*) FROM signup_gate WHERE spent_since IS NOT NULL AND empty_since IS NULL") != 1 || len(mails) != 10 {
		t.Fatalf("%d mails, no attack mode", len(mails))
	}
	return s, mails
}

// In an attack a reader is shown our page with the address filled in. Whoever
// does its work is mailed at once; whoever does not is taken too and waits.
func TestHoldPageAsksForWork(t *testing.T) {
	t.Parallel()
	s, mails := flooded(t)
	reader := []string{"X-Forwarded-For", "203.0.113.9"}
	held := func(email string) url.Values {
		t.Helper()
		got := s.post("/subscribe", foreign(email), append(reader, "Origin", siteOrigin)...)
		form := got.doc.Find("main form")
		if got.StatusCode != http.StatusTooManyRequests || form.AttrOr("data-challenge", "") != "/api/v1/challenge" ||
			form.Find("[name=altcha]").Length() != 1 || form.Find("[role=status][data-doing][data-wait][data-done]").Text() != "" {
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
		if script := got.doc.Find("script[type=module]").AttrOr("src", ""); !strings.HasPrefix(script, "/static/proof.") {
			t.Errorf("script %q", script)
		} else if packed := s.get(script, "Accept-Encoding", "gzip"); packed.StatusCode != http.StatusOK || len(packed.body) > maxScript {
			t.Errorf("script: %d, %d octets compressed", packed.StatusCode, len(packed.body))
		}
		filled := fill(got.doc, "main form")
		if filled.Get("email") != email {
			t.Errorf("filled in: %v", filled)
		}
		return filled
	}
	c := s.challenge(reader...)
	solution := altchatest.Solve(c)
	press := func(form url.Values, solution string) answer {
		t.Helper()
		form.Set("altcha", solution)
		got := s.post("/subscribe", form, append(reader, "Origin", baseURL)...)
		if got.text("h1") != "One step left" {
			t.Fatalf("%d %q", got.StatusCode, got.text("main"))
		}
		return got
	}

	worked, replayed, scriptless, wrong := held("nadia@example.org"), held("replay@example.org"), held("olena@example.org"), held("wrong@example.org")
	s.clock.Advance(3 * time.Second)
	for _, row := range []struct {
		form     url.Values
		solution string
		delayed  bool
	}{
		{worked, solution, false},
		{replayed, solution, true},
		{scriptless, "", true},
		{wrong, solution[:100], true},
	} {
		if got := press(row.form, row.solution); strings.Contains(got.text(".warn"), "may take an hour") != row.delayed {
			t.Errorf("%s is told %q", row.form.Get("email"), got.text("main"))
		}
	}
	late := held("late@example.org")
	lateSolution := altchatest.Solve(s.challenge(reader...))
	s.clock.Advance(altcha.Lasts)
	press(late, lateSolution)
	s.answerMails()
	for _, email := range []string{"nadia@example.org", "replay@example.org", "olena@example.org", "wrong@example.org", "late@example.org"} {
		if want := map[bool]int{true: 1}[email == "nadia@example.org"]; mails[email] != want {
			t.Errorf("%d mails to %s, want %d", mails[email], email, want)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "proof=invalid") || !strings.Contains(log, "proof=expired") {
		t.Error("the log says nothing of what was wrong or late")
	}
}

// A script's sign-up with work needs no page of ours, whatever its origin; it
// gets no second chance by the honeypot.
func TestWorkByJSON(t *testing.T) {
	t.Parallel()
	s, mails := flooded(t)
	post := func(email, solution, trap string) answer {
		r := fmt.Sprintf(`{"email":%q,"newsletter":"watch","lang":"en","website":%q,"altcha":%q}`, email, trap, solution)
		return s.postJSON("/api/v1/subscriptions", r, "X-Forwarded-For", "203.0.113.9")
	}
	if got := post("nadia@example.org", "", ""); got.StatusCode != http.StatusTooManyRequests || !strings.Contains(got.body, "/problems/prove") {
		t.Errorf("without: %d %s", got.StatusCode, got.body)
	}
	solution := altchatest.Solve(s.challenge())
	if got := post("nadia@example.org", solution, ""); got.StatusCode != http.StatusAccepted {
		t.Errorf("with: %d %s", got.StatusCode, got.body)
	}
	if got := post("nadia@example.org", altchatest.Solve(s.challenge()), "x"); got.StatusCode != http.StatusAccepted {
		t.Errorf("trapped: %d %s", got.StatusCode, got.body)
	}
	s.answerMails()
	if mails["nadia@example.org"] != 1 {
		t.Errorf("%d mails", mails["nadia@example.org"])
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if got := s.get("/api/v1/challenge"); got.StatusCode != http.StatusNotFound {
		t.Errorf("off: %d", got.StatusCode)
	}
	hosted := func(path string) int {
		t.Helper()
		return s.get(path).doc.Find("[data-challenge], [name=altcha], script[src^='/static/proof.']").Length()
	}
	for _, row := range []struct {
		mode           subscriber.ProofOfWork
		attacked, page bool
		most           int64
	}{
		{subscriber.ProofAttack, false, false, 100_000},
		{subscriber.ProofAttack, true, true, 500_000},
		{subscriber.ProofAlways, false, true, 100_000},
		{subscriber.ProofAlways, true, true, 500_000},
	} {
		s.subs.ProofOfWork = row.mode
		s.exec("UPDATE signup_gate SET spent_since = CASE WHEN $1 THEN now() END", row.attacked)
		for _, path := range []string{"/n/watch", "/embed/watch"} {
			if got := hosted(path); (got == 3) != row.page || got%3 != 0 {
				t.Errorf("%+v: %s has %d of the three parts", row, path, got)
			}
		}
		if c := s.challenge(); c.MaxNumber != row.most || c.Algorithm != "SHA-256" {
			t.Errorf("%+v: %+v", row, c)
		}
	}
	s.subs.ProofOfWork = subscriber.ProofOff
	if got := hosted("/n/watch"); got != 0 {
		t.Error("off, in an attack, the page asks for work")
	}

	s.subs.ProofOfWork = subscriber.ProofAlways
	for origin, want := range map[string]string{siteOrigin: siteOrigin, "https://elsewhere.example": "", "": ""} {
		got := s.get("/api/v1/challenge", "Origin", origin)
		if h := got.Header; h.Get("Access-Control-Allow-Origin") != want || h.Get("Cache-Control") != "no-store" || h.Get("Vary") == "" {
			t.Errorf("asked by %q: %v", origin, h)
		}
	}
	last := 0
	for range 600 {
		last = s.get("/api/v1/challenge").StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("one of very many: %d", last)
	}
	s.pool.Close()
	if got := s.get("/api/v1/challenge", "Origin", siteOrigin); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one too many asks the database: %d", got.StatusCode)
	}
	if got := s.post("/subscribe", foreign("nadia@example.org")); got.StatusCode != http.StatusServiceUnavailable || got.doc.Find("[data-challenge]").Length() != 0 {
		t.Errorf("without a database: %d %s", got.StatusCode, got.body)
	}
}

// The canned page can be seen at work, though no setting asks for any.
func TestTheCannedPageHasWork(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := s.get("/dev/signup-prove?lang=uk").doc.Find("form").AttrOr("data-challenge", "")
	if got := s.get(at); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"maxnumber":500000`) {
		t.Errorf("%q gives %d %s", at, got.StatusCode, got.body)
	}
}

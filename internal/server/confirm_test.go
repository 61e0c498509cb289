package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vistka/internal/subscriber"
)

func (s *site) confirmLink(email string) string {
	s.t.Helper()
	s.post("/subscribe", foreign(email), "Origin", siteOrigin)
	all := s.signups()
	return "/confirm/" + subscriber.ConfirmToken(s.keys, all[len(all)-1], 1)
}

const active = "SELECT count(*) FROM subscription WHERE state = 'active'"

func TestOnlyAPersonConfirms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.confirmLink("nadia@example.org")
	var shown answer
	for range 10 {
		shown = s.get(link)
		r, _ := http.NewRequest(http.MethodHead, link, nil)
		if head := s.do(r); head.StatusCode != http.StatusOK || head.body != "" {
			t.Fatalf("HEAD: %d %q", head.StatusCode, head.body)
		}
	}
	form := fill(shown.doc, "form")
	if got := s.post(link, form, "Origin", baseURL); !strings.Contains(got.text("[role=alert]"), "Press once more") {
		t.Errorf("at once: %q", got.text("main"))
	}
	s.clock.Advance(3 * time.Second)
	form.Set("hand", "none") // the script ran and saw no event
	if got := s.post(link, form, "Origin", baseURL); !strings.Contains(got.text("[role=alert]"), "Press once more") {
		t.Errorf("without a hand: %q", got.text("main"))
	}
	form.Del("shown")
	form.Set("hand", "seen")
	s.post(link, form, "Origin", baseURL)
	if s.count(active) != 0 {
		t.Fatal("confirmed without a person")
	}
	done := s.press(link, fill(shown.doc, "form"), "Origin", baseURL)
	if s.count(active) != 1 || done.doc.Find(".back a").AttrOr("href", "") != article {
		t.Fatalf("%d %q", done.StatusCode, done.text("main"))
	}
	if got := s.get(link); got.text("h1") != "You are already confirmed" {
		t.Errorf("second visit: %q", got.text("main"))
	}
	settings := done.doc.Find("a[href^='/preferences/']").AttrOr("href", "")
	if got := s.get(settings); got.text("h1") != "Your settings" {
		t.Errorf("settings: %d %q", got.StatusCode, got.text("main"))
	}
}

func TestExpiredLinkOffersAFreshMail(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.confirmLink("nadia@example.org")
	s.clock.Advance(73 * time.Hour)
	shown := s.get(link + "?lang=uk")
	if shown.text("h1") != "Строк дії посилання минув" {
		t.Fatalf("%q", shown.text("main"))
	}
	s.clock.Advance(3 * time.Second)
	if got := s.press(link, fill(shown.doc, "form"), "Origin", baseURL); got.text("h1") != "Новий лист уже в дорозі" {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
	if s.asked() != 2 {
		t.Errorf("%d mails", s.asked())
	}
}

func TestConfirmingWhatHasEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.confirmLink("nadia@example.org")
	form := fill(s.get(link).doc, "form")
	s.clock.Advance(3 * time.Second)
	if _, err := s.pool.Exec(t.Context(), "UPDATE newsletter SET archived_at = now()"); err != nil {
		t.Fatal(err)
	}
	if got := s.get(link + "?lang=en"); got.StatusCode != http.StatusGone || got.text("h1") != "This newsletter has ended" {
		t.Errorf("page: %d %q", got.StatusCode, got.text("main"))
	}
	form.Set("lang", "uk")
	if got := s.post(link, form, "Origin", baseURL); got.StatusCode != http.StatusGone || got.text("h1") != "Цю розсилку закрито" {
		t.Errorf("pressed: %d %q", got.StatusCode, got.text("main"))
	}
	if s.count(active) != 0 {
		t.Error("somebody joined a newsletter that has ended")
	}
}

func TestNotMe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.confirmLink("nadia@example.org")
	ask := s.get(s.get(link).doc.Find("a[href^='/not-me/']").AttrOr("href", ""))
	action := ask.doc.Find("form").AttrOr("action", "")
	s.clock.Advance(3 * time.Second)
	if got := s.press(action, fill(ask.doc, "form"), "Origin", baseURL); got.text("h1") != "We have stopped" {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
	if s.count("SELECT count(*) FROM suppression WHERE reason = 'not me'") != 1 {
		t.Error("not recorded")
	}
	// A second visit finds it done; a Ukrainian mail leads to a Ukrainian page.
	if got := s.get(action); got.text("h1") != "We have stopped" || got.doc.Find("main form").Length() != 0 {
		t.Errorf("second visit: %q", got.text("main"))
	}
	// The mail's owner reads why nothing comes, and how to get back in.
	for _, path := range []string{link, link + "?lang=uk"} {
		got := s.get(path)
		if h := got.text("h1"); h != "You told us that this wasn’t you" && h != "Ви сказали, що це були не ви" {
			t.Errorf("the link now: %d %q", got.StatusCode, got.text("main"))
		}
		if got.doc.Find("main form").Length() != 0 || got.doc.Find("a[href='mailto:news@example.org']").Length() != 1 {
			t.Error("a mail is offered that does not come, or no way back")
		}
	}
	// An editor lifts it; then the link is an expired one, and a fresh mail comes.
	if _, err := s.pool.Exec(t.Context(), "DELETE FROM suppression"); err != nil {
		t.Fatal(err)
	}
	if got := s.get(link); got.text("h1") != "This link has expired" {
		t.Errorf("lifted: %q", got.text("main"))
	}
}

func TestNotMeSpeaksTheLanguageOfItsMail(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := foreign("nadia@example.org")
	form.Set("lang", "uk")
	s.post("/subscribe", form, "Origin", siteOrigin)
	got := s.get("/not-me/"+subscriber.NotMeToken(s.keys, s.signups()[0], 1), "Accept-Language", "en")
	if got.text("h1") != "Це були не ви?" || !strings.Contains(got.text(".lead"), "Media Watch") {
		t.Errorf("%q", got.text("main"))
	}
}

// The code's button without a code is no press that came too fast.
func TestTheCodesButtonWithoutACode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.confirmLink("nadia@example.org")
	again := s.post(link, fill(s.get(link).doc, "form"), "Origin", baseURL)
	form := fill(again.doc, "form:has(#code)")
	s.clock.Advance(10 * time.Second)
	for _, typed := range []string{"", "12 34"} {
		form.Set("code", typed)
		got := s.post(link, form, "Origin", baseURL)
		field := got.doc.Find("#code[aria-invalid=true][aria-describedby~=code-error]")
		if got.StatusCode != http.StatusUnprocessableEntity || field.Length() != 1 || !got.errs() || !strings.Contains(got.text("#code-error"), "A code has six digits") || got.doc.Find("[role=alert]").Length() != 0 {
			t.Errorf("%q: %d %q", typed, got.StatusCode, got.text("main"))
		}
		if uk := s.inUkrainian(got); !strings.Contains(uk.text("#code-error"), "У коді шість цифр") {
			t.Errorf("%q: %q", typed, uk.text("main"))
		}
	}
	if s.count(active) != 0 || s.count(`SELECT sum(code_tries)::int FROM signup`) != 0 {
		t.Error("it did something")
	}
}

package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// translated gives the newsletter a translation, and all its readers with it.
func (s *site) translated() {
	s.t.Helper()
	s.exec(`WITH n AS (
			INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			SELECT family_id, 'varta', 'Варта', 'uk', 'Варта', 'news@example.org' FROM newsletter WHERE id = $1 RETURNING id)
		INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT n.id, s.subscriber_id, 'active', 'instant', 'uk', 'UTC', 8, 0, s.provider_id, s.created_at FROM n, subscription s`, s.n.ID)
}

// Whoever reads a newsletter and its translation chooses what a story in both
// comes in; nobody else is asked.
func TestChoiceOfTranslations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	if s.get(path).doc.Find("[name=translation]").Length() != 0 {
		t.Error("asked though there is one newsletter")
	}
	s.translated()

	form := fill(s.get(path).doc, "#settings")
	if form.Get("preferred") != "en" || form.Get("translation") != "wait" {
		t.Fatalf("the form: %v", form)
	}
	form.Set("preferred", "uk")
	form.Set("translation", "only")
	form.Set("cadence", "weekly")
	got := s.press(path, form, "Origin", baseURL)
	undo := fill(got.doc, ".notice form")
	if form = fill(got.doc, "#settings"); form.Get("preferred") != "uk" || form.Get("translation") != "only" || form.Get("cadence") != "weekly" {
		t.Errorf("the form afterwards: %v", form)
	}
	undo.Set("act", "undo")
	got = s.press(path, undo, "Origin", baseURL)
	if form = fill(got.doc, "#settings"); form.Get("preferred") != "en" || form.Get("translation") != "wait" || form.Get("cadence") != "instant" {
		t.Errorf("taken back: %v", form)
	}
	if got := s.post(path, url.Values{"preferred": {"pl"}, "translation": {"wait"}}, "Origin", baseURL); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a language that is not read: %d", got.StatusCode)
	}

	// A language that none of the newsletters has is no preference, and saving
	// the rest does not make it one.
	s.exec("UPDATE subscriber SET locale = 'pl'")
	form = fill(s.get(path).doc, "#settings")
	if got := form["preferred"]; len(got) != 1 || got[0] != "" {
		t.Errorf("no preference: %q", got)
	}
	form.Set("cadence", "weekly")
	s.press(path, form, "Origin", baseURL)
	if s.count("SELECT count(*) FROM subscriber WHERE locale = 'pl'") != 1 || s.count("SELECT count(*) FROM subscription WHERE cadence = 'weekly'") != 1 {
		t.Error("the preferred language is not as it was, or the rest is not saved")
	}
}

// A page of settings that is older than leaving still has what can no longer be
// chosen: who left this newsletter is told so, who left its translation saves.
func TestSavingAfterLeaving(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	path := "/preferences/" + c.Preferences
	s.translated()
	form := fill(s.get(path).doc, "#settings")
	if form.Get("preferred") != "en" {
		t.Fatalf("the form: %v", form)
	}
	s.exec(`UPDATE subscription SET state = 'ended', end_source = 'header', ended_at = created_at WHERE newsletter_id <> $1`, s.n.ID)
	form.Set("cadence", "weekly")
	if got := s.press(path, form, "Origin", baseURL); got.text(".notice.good p") != "Saved." {
		t.Errorf("after leaving the translation: %d %q", got.StatusCode, got.text("main"))
	}
	s.exec(`UPDATE subscription SET state = 'active', end_source = NULL, ended_at = NULL`)
	s.do(oneClick(s.leaveLink(c), "application/x-www-form-urlencoded", urlencoded))
	got := s.post(path, form, "Origin", baseURL)
	if !strings.HasPrefix(got.text("h1"), "You have left") || got.doc.Find("button[value=undo]").Length() != 1 {
		t.Errorf("after leaving: %d %q", got.StatusCode, got.text("main"))
	}
}

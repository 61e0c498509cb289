package server_test

import (
	"net/http"
	"net/url"
	"testing"
)

// Whoever reads a newsletter and its translation chooses what a story in both
// comes in; nobody else is asked.
func TestChoiceOfTranslations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	if s.get(path).doc.Find("[name=translation]").Length() != 0 {
		t.Error("asked though there is one newsletter")
	}
	s.exec(`WITH n AS (
			INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			SELECT family_id, 'varta', 'Варта', 'uk', 'Варта', 'news@example.org' FROM newsletter WHERE id = $1 RETURNING id)
		INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT n.id, s.subscriber_id, 'active', 'instant', 'uk', 'UTC', 8, 0, s.provider_id, s.created_at FROM n, subscription s`, s.n.ID)

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

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

	form := fill(s.get(path).doc, "form:has([name=translation])")
	if form.Get("preferred") != "en" || form.Get("translation") != "wait" {
		t.Fatalf("the form: %v", form)
	}
	form.Set("act", "translations")
	form.Set("preferred", "uk")
	form.Set("translation", "only")
	got := s.press(path, form, "Origin", baseURL)
	if got.text("[role=status]") != "Saved." {
		t.Errorf("saved: %q", got.text("main"))
	}
	if form = fill(got.doc, "form:has([name=translation])"); form.Get("preferred") != "uk" || form.Get("translation") != "only" {
		t.Errorf("the form afterwards: %v", form)
	}
	if got := s.post(path, url.Values{"act": {"translations"}, "preferred": {"pl"}, "translation": {"wait"}}, "Origin", baseURL); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a language that is not read: %d", got.StatusCode)
	}
}

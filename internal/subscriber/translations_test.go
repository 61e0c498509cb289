package subscriber

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// Who reads two languages chooses one, and what is done without it; what waited
// for it is decided about anew.
func TestTranslations(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	c := f.subscribe("nadia@example.org")
	link := PreferencesToken(f.Keys, c.NewsletterID, c.SubscriberID)
	before, err := f.Translations(t.Context(), link)
	if err != nil || before.Choice != TranslationWait || len(before.Languages) != 1 {
		t.Fatalf("%+v, %v", before, err)
	}
	own := before.Languages[0]
	sibling := f.number(`INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
		SELECT family_id, 'sibling', 'S', 'pl', 'S', 's@example.org' FROM newsletter WHERE id = $1 RETURNING id`, c.NewsletterID)
	if err := f.SaveTranslations(t.Context(), link, "pl", TranslationFirst, Evidence{}); !errors.Is(err, ErrBadPreferences) {
		t.Errorf("a language that is not read: %v", err)
	}
	f.exec(`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT $1, subscriber_id, 'active', 'instant', locale, zone, hour, 0, provider_id, created_at FROM subscription WHERE newsletter_id = $2`, sibling, c.NewsletterID)
	piece := f.number(`WITH s AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT $1, id, 'https://news.example.org/', 'T', now(), now(), 'released', '{"key": "reason.words"}', 1, now() FROM s RETURNING id`, sibling)
	f.exec(`INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason) VALUES ($1, $2, $3, $4, 'waiting for the preferred language')`,
		sibling, c.SubscriberID, piece, f.Clock.Now().Add(12*time.Hour))
	if err := f.SaveTranslations(t.Context(), link, "pl", "never", Evidence{}); !errors.Is(err, ErrBadPreferences) {
		t.Errorf("a choice that is none: %v", err)
	}
	if err := f.SaveTranslations(t.Context(), link, "pl", TranslationFirst, Evidence{}); err != nil {
		t.Fatal(err)
	}
	got, err := f.Translations(t.Context(), link)
	languages := []string{own, "pl"}
	slices.Sort(languages)
	if err != nil || got.Preferred != "pl" || got.Choice != TranslationFirst || !slices.Equal(got.Languages, languages) {
		t.Errorf("saved %+v, %v", got, err)
	}
	if n := f.number(`SELECT count(*) FROM owed WHERE due_at <= $1`, f.Clock.Now()); n != 1 {
		t.Error("what waited is not looked at again")
	}
	if !slices.Contains(f.changes, int64(sibling)) {
		t.Errorf("fan-outs asked for: %v", f.changes)
	}
	if n := f.number(`SELECT count(*) FROM consent_event WHERE source = 'translations: pl, first'`); n != 1 {
		t.Errorf("%d events", n)
	}
	f.exec(`UPDATE subscription SET state = 'ended', ended_at = now()`)
	if err := f.SaveTranslations(t.Context(), link, "pl", TranslationOnly, Evidence{}); err == nil {
		t.Error("saved for one who has left")
	}
}

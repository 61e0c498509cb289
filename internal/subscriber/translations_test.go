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
	before, err := f.Preferences(t.Context(), link)
	if err != nil || before.Choice != TranslationWait || before.Several() || before.Change().Translation != "" {
		t.Fatalf("%+v, %v", before, err)
	}
	own := before.Languages[0]
	sibling := f.number(`INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
		SELECT family_id, 'sibling', 'S', 'pl', 'S', 's@example.org' FROM newsletter WHERE id = $1 RETURNING id`, c.NewsletterID)
	f.exec(`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT $1, subscriber_id, 'active', 'daily', locale, zone, hour, 0, provider_id, created_at FROM subscription WHERE newsletter_id = $2`, sibling, c.NewsletterID)
	piece := f.number(`WITH s AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT $1, id, 'https://news.example.org/', 'T', now(), now(), 'released', '{"key": "reason.words"}', 1, now() FROM s RETURNING id`, sibling)
	f.exec(`INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason) VALUES ($1, $2, $3, $4, 'waiting for the preferred language')`,
		sibling, c.SubscriberID, piece, f.Clock.Now().Add(12*time.Hour))
	looked := func() int { return f.number(`SELECT count(*) FROM owed WHERE due_at <= $1`, f.Clock.Now()) }

	before, err = f.Preferences(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	change := before.Change()
	if _, err := f.SavePreferences(t.Context(), link, change, Evidence{}); err != nil || looked() != 0 {
		t.Fatalf("saved as it was: %d looked at, %v", looked(), err)
	}
	change.Preferred, change.Translation = "pl", TranslationFirst
	got, err := f.SavePreferences(t.Context(), link, change, Evidence{})
	languages := []string{own, "pl"}
	slices.Sort(languages)
	if err != nil || got.Preferred != "pl" || got.Choice != TranslationFirst || !slices.Equal(got.Languages, languages) {
		t.Errorf("saved %+v, %v", got, err)
	}
	if looked() != 1 {
		t.Error("what waited is not looked at again")
	}
	if !slices.Contains(f.changes, int64(sibling)) {
		t.Errorf("fan-outs asked for: %v", f.changes)
	}
	if back, err := f.SavePreferences(t.Context(), link, before.Change(), Evidence{}); err != nil || back.Preferred != before.Preferred || back.Choice != TranslationWait {
		t.Errorf("taken back: %+v, %v", back, err)
	}
	f.exec(`UPDATE subscription SET state = 'ended', ended_at = now()`)
	if _, err := f.SavePreferences(t.Context(), link, change, Evidence{}); !errors.Is(err, ErrNoReader) {
		t.Errorf("saved for one who has left: %v", err)
	}
	if n := f.number(`SELECT count(*) FROM subscriber WHERE translations = 'wait'`); n != 1 {
		t.Error("the choice of one who has left is changed")
	}
}

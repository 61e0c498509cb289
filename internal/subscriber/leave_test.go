package subscriber

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vistka/internal/suppression"
	"vistka/internal/token"
)

func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	link := UnsubscribeToken(f.Keys, c.NewsletterID, c.SubscriberID)
	if l, err := f.LeavePage(ctx, link, time.Time{}); err != nil || !l.Known || l.Already || l.Masked != "na••@example.org" {
		t.Fatalf("page: %+v, %v", l, err)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if l, err := f.Unsubscribe(ctx, link, FromHeader, Evidence{}); err != nil || !l.Known {
				t.Errorf("unsubscribe: %+v, %v", l, err)
			}
		})
	}
	wg.Wait()
	if n := f.number("SELECT count(*) FROM consent_event WHERE kind = 'withdrawn' AND source = 'header'"); n != 1 {
		t.Errorf("%d events of leaving", n)
	}
	if n := f.number("SELECT count(*) FROM subscription WHERE state = 'ended' AND end_source = 'header'"); n != 1 {
		t.Error("the subscription goes on")
	}
	f.Clock.Advance(400 * 24 * time.Hour)
	if l, err := f.Unsubscribe(ctx, link, FromPage, Evidence{}); err != nil || !l.Already {
		t.Errorf("a year later: %+v, %v", l, err)
	}
	if _, err := f.Erase(ctx, f.DB, address(t, "nadia@example.org")); err != nil {
		t.Fatal(err)
	}
	if l, err := f.Unsubscribe(ctx, link, FromHeader, Evidence{}); err != nil || l.Known || !l.Already {
		t.Errorf("after erasure: %+v, %v", l, err)
	}
	for _, bad := range []string{"", "x", link[:37], ConfirmToken(f.Keys, c.SubscriberID, 1)} {
		if _, err := f.Unsubscribe(ctx, bad, FromHeader, Evidence{}); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("link %q: %v", bad, err)
		}
	}
}

// One press ends all that a person reads, and one takes it back: what they had
// left before stays left, and other people are not touched.
func TestStopEverything(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	f.subscribe("olha@example.org")
	f.exec(`WITH n AS (
			INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			SELECT family_id, 'n-' || i, 'N', i, 'N', 'n@example.org' FROM newsletter, unnest(ARRAY['pl', 'de']) i RETURNING id)
		INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT n.id, s.subscriber_id, 'active', 'weekly', 'uk', 'UTC', 8, 0, s.provider_id, s.created_at FROM n, subscription s WHERE s.subscriber_id = $1`, c.SubscriberID)
	link := UnsubscribeToken(f.Keys, c.NewsletterID, c.SubscriberID)
	active := func(subscriber string) int {
		return f.number(`SELECT count(*) FROM subscription WHERE state = 'active' AND subscriber_id ` + subscriber + fmt.Sprint(c.SubscriberID))
	}
	first := int64(f.number(`SELECT max(newsletter_id) FROM subscription`))
	if _, err := f.Unsubscribe(ctx, UnsubscribeToken(f.Keys, first, c.SubscriberID), FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	if l, err := f.LeavePage(ctx, link, time.Time{}); err != nil || l.Others != 1 || len(l.With) != 0 {
		t.Errorf("page: %+v, %v", l, err)
	}
	f.Clock.Advance(time.Hour)
	if press, err := f.UnsubscribeAll(ctx, link, Evidence{}); err != nil || !press.Equal(f.Clock.Now()) || active("= ") != 0 || active("<> ") != 1 {
		t.Errorf("%d subscriptions, of others %d, %v", active("= "), active("<> "), err)
	}
	if n := f.number("SELECT count(*) FROM consent_event WHERE kind = 'withdrawn' AND source = 'page'"); n != 3 {
		t.Errorf("%d events of leaving", n)
	}
	if l, err := f.LeavePage(ctx, link, time.Time{}); err != nil || !l.Already || l.Others != 0 || len(l.With) != 1 {
		t.Errorf("page: %+v, %v", l, err)
	}
	if ok, err := f.Undo(ctx, link, Evidence{}); err != nil || !ok || active("= ") != 2 {
		t.Errorf("undo: %t, %v, %d are back", ok, err, active("= "))
	}
	if f.number(`SELECT count(*) FROM subscription WHERE state = 'ended' AND newsletter_id = $1`, first) != 1 {
		t.Error("what was left before is back")
	}
	if _, err := f.UnsubscribeAll(ctx, "x", Evidence{}); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("no link: %v", err)
	}
}

func TestUndoOwesWhatWasCancelled(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	other := f.subscribe("olha@example.org")
	link := UnsubscribeToken(f.Keys, c.NewsletterID, c.SubscriberID)
	f.exec(`UPDATE newsletter SET last_seq = 3`)
	f.exec(`INSERT INTO story SELECT FROM generate_series(1, 3)`)
	f.exec(`INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at, withdrawn_at)
		SELECT 1, n, 'https://example.org/' || n, 'T', $1::timestamptz, $1, 'released', '{"key": "reason.words"}', n, $1, CASE WHEN n = 3 THEN $1 END
		FROM generate_series(1, 3) AS n`, start)
	f.exec(`INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
		SELECT '2026-11-01', 1, 'instant', $1::timestamptz + n * interval '1 second', 'uk', ARRAY[n], $1::timestamptz FROM generate_series(1, 3) AS n`, start)
	f.exec(`SELECT ensure_delivery_month('2026-11-01')`)
	if _, err := f.Unsubscribe(ctx, link, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(time.Hour)
	// One was sent before leaving, one and a withdrawn one cancelled for it, by a
	// sender that had read its clock a moment before.
	f.exec(`INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state, settled_at)
		SELECT '2026-11-01', e.id, s.subscriber_id, 1, s.provider_id, CASE WHEN e.id = 1 THEN 'sent' ELSE 'cancelled' END, $1::timestamptz
		FROM edition e, subscription s WHERE s.subscriber_id = $2 OR e.id = 2`, start.Add(-time.Second), c.SubscriberID)
	if ok, err := f.Undo(ctx, link, Evidence{}); err != nil || !ok {
		t.Fatalf("undo: %t, %v", ok, err)
	}
	if n := f.number("SELECT sum(article_id) FROM owed WHERE subscriber_id = $1", c.SubscriberID); n != 2 {
		t.Errorf("owed: %d", n)
	}
	if n := f.number("SELECT count(*) FROM owed WHERE subscriber_id = $1", other.SubscriberID); n != 0 {
		t.Errorf("somebody else is owed %d articles", n)
	}
	if n := f.number("SELECT count(*) FROM subscription WHERE state = 'active' AND due_at = $1 AND seen_seq = 0", f.Clock.Now()); n != 1 {
		t.Error("the reader is not due")
	}
	if len(f.changes) != 1 {
		t.Errorf("fan-outs planned: %v", f.changes)
	}
	if ok, err := f.Undo(ctx, link, Evidence{}); err != nil || !ok || f.number("SELECT count(*) FROM consent_event WHERE kind = 'restored'") != 1 {
		t.Errorf("undo again: %t, %v", ok, err)
	}
}

func TestUndoHasItsTime(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	link := PreferencesToken(f.Keys, c.NewsletterID, c.SubscriberID)
	leave := func() {
		t.Helper()
		if _, err := f.Unsubscribe(ctx, link, FromPage, Evidence{}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(active bool, when string) {
		t.Helper()
		if ok, err := f.Undo(ctx, link, Evidence{}); err != nil || ok != active {
			t.Errorf("undo %s: %t, %v", when, ok, err)
		}
	}
	leave()
	f.Clock.Advance(undoWithin)
	want(true, "on the 30th day")
	leave()
	f.Clock.Advance(undoWithin + time.Second)
	want(false, "after it")
	f.Clock.Advance(-time.Hour)
	f.suppress("nadia@example.org", suppression.SpamReport)
	want(false, "after a spam report")
	if _, err := f.Undo(ctx, UnsubscribeToken(f.Keys, 1, 99), Evidence{}); err != nil {
		t.Errorf("nobody there: %v", err)
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	until := start.Add(10 * 24 * time.Hour)
	utc := func(s string) *time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return &at
	}
	past := start.Add(-time.Hour)
	for _, step := range []struct {
		change Change
		due    *time.Time
		fanOut int
	}{
		{Change{Cadence: "daily", Locale: "en", Zone: "Europe/Kyiv", Hour: 8}, utc("2026-11-24T06:00:00Z"), 0},
		{Change{Cadence: "daily", Locale: "en", Zone: "Europe/Kyiv", Hour: 12}, utc("2026-11-23T10:00:00Z"), 0},
		{Change{Cadence: "weekly", Locale: "uk", Zone: "America/New_York", Hour: 9}, utc("2026-11-23T14:00:00Z"), 0},
		{Change{Cadence: "monthly", Locale: "uk", Zone: "Europe/Kyiv", Hour: 8}, utc("2026-12-01T06:00:00Z"), 0},
		{Change{Cadence: "monthly", Locale: "uk", Zone: "Europe/Kyiv", Hour: 8, PausedUntil: &until}, utc("2027-01-01T06:00:00Z"), 0},
		{Change{Cadence: "instant", Locale: "uk", Zone: "Europe/Kyiv", Hour: 8, PausedUntil: &until}, &until, 0},
		{Change{Cadence: "instant", Locale: "uk", Zone: "Europe/Kyiv", Hour: 8, PausedUntil: &past}, nil, 1},
	} {
		f.changes = nil
		p, err := f.SavePreferences(ctx, c.Preferences, step.change, Evidence{})
		if err != nil {
			t.Fatalf("%+v: %v", step.change, err)
		}
		if (p.DueAt == nil) != (step.due == nil) || p.DueAt != nil && !p.DueAt.Equal(*step.due) {
			t.Errorf("%+v: due %v, want %v", step.change, p.DueAt, step.due)
		}
		if p.Cadence != step.change.Cadence || p.Locale != step.change.Locale || p.Hour != step.change.Hour || p.Zone != step.change.Zone {
			t.Errorf("%+v: saved %+v", step.change, p)
		}
		if len(f.changes) != step.fanOut {
			t.Errorf("%+v: fan-outs planned: %v", step.change, f.changes)
		}
	}
	if n := f.number("SELECT count(*) FROM consent_event WHERE kind = 'changed'"); n != 7 {
		t.Errorf("%d events of change", n)
	}
	far := start.Add(2 * LongestPause)
	for _, bad := range []Change{
		{Cadence: "hourly", Locale: "uk", Zone: "UTC", Hour: 8},
		{Cadence: "daily", Locale: "uk", Zone: "UTC", Hour: 24},
		{Cadence: "daily", Locale: "uk", Zone: "Mars/Olympus", Hour: 8},
		{Cadence: "daily", Locale: "uk", Zone: "UTC", Hour: 8, PausedUntil: &far},
		{Cadence: "daily", Locale: "", Zone: "UTC", Hour: 8},
		{Cadence: "daily", Locale: "uk", Zone: "UTC", Hour: 8, Topics: []string{}},
		{Cadence: "daily", Locale: "uk", Zone: "UTC", Hour: 8, Topics: []string{"Law", ""}},
		{Cadence: "daily", Locale: "uk", Zone: "UTC", Hour: 8, Preferred: "uk", Translation: "never"},
		{Cadence: "daily", Locale: "uk", Zone: "UTC", Hour: 8, Translation: TranslationFirst},
	} {
		if _, err := f.SavePreferences(ctx, c.Preferences, bad, Evidence{}); !errors.Is(err, ErrBadPreferences) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if p, err := f.Pause(ctx, c.Preferences, until, Evidence{}); err != nil || p.PausedUntil == nil || p.Cadence != "instant" {
		t.Errorf("pause: %+v, %v", p, err)
	}
	if p, err := f.SavePreferences(ctx, c.Preferences, Change{Cadence: "instant", Locale: "uk", Zone: "UTC", Hour: 8}, Evidence{}); err != nil || p.PausedUntil != nil {
		t.Errorf("resume: %+v, %v", p, err)
	}
	if _, err := f.Unsubscribe(ctx, c.Preferences, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SavePreferences(ctx, c.Preferences, Change{Cadence: "daily", Locale: "en", Zone: "UTC", Hour: 8}, Evidence{}); !errors.Is(err, ErrNoReader) {
		t.Errorf("saving after leaving: %v", err)
	}
	if _, err := f.Preferences(ctx, "x"); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("no link: %v", err)
	}
	if _, err := f.Preferences(ctx, PreferencesToken(f.Keys, 1, 99)); !errors.Is(err, ErrNoReader) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestComingBack(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	if _, err := f.SavePreferences(ctx, c.Preferences, Change{Cadence: "weekly", Locale: "en", Zone: "UTC", Hour: 3}, Evidence{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Unsubscribe(ctx, c.Preferences, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	f.exec("UPDATE newsletter SET last_seq = 5")
	f.Clock.Advance(24 * time.Hour)
	back := f.subscribe("NADIA@example.org")
	if back.SubscriberID != c.SubscriberID {
		t.Errorf("a second person for one address")
	}
	p, err := f.Preferences(ctx, c.Preferences)
	if err != nil || p.Ended || p.Cadence != "instant" || p.Locale != "uk" || p.DueAt != nil {
		t.Errorf("preferences: %+v, %v", p, err)
	}
	if n := f.number("SELECT seen_seq FROM subscription"); n != 5 {
		t.Errorf("mark %d after coming back", n)
	}
}

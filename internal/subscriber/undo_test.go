package subscriber

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A correction that was cancelled because its reader left goes out after all,
// once, unless it is stale, was replaced, or its article withdrawn.
func TestUndoQueuesCorrectionsAgain(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	f.exec(`UPDATE newsletter SET last_seq = 6`)
	f.exec(`INSERT INTO story SELECT FROM generate_series(1, 6)`)
	f.exec(`INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at, withdrawn_at)
		SELECT 1, n, 'https://example.org/' || n, 'T', $1::timestamptz, $1, 'released', '{"key": "reason.words"}', n, $1, CASE WHEN n = 3 THEN $1 END
		FROM generate_series(1, 6) AS n`, start)
	f.exec(`SELECT ensure_delivery_month('2026-11-01')`)
	// 1 is to go, 2 stale, 3 of a withdrawn article, 4 was sent, 5 stopped, 6 replaced by 7.
	f.exec(`INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, note, state, reason, resume_at, created_at)
		SELECT '2026-11-01', 1, 'correction', at, 'uk', ARRAY[least(n, 6)], 'It was wrong.', CASE WHEN n = 5 THEN 'cancelled' ELSE 'settled' END, NULL,
			CASE WHEN n = 5 THEN at END, at
		FROM generate_series(1, 7) AS n, LATERAL (SELECT $1::timestamptz + n * interval '1 second' - CASE WHEN n = 2 THEN interval '32 days' ELSE '0' END AS at) x
		ORDER BY n`, start)
	f.Clock.Advance(time.Minute)
	if _, err := f.Unsubscribe(ctx, c.Preferences, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(time.Hour)
	f.exec(`INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state, settled_at)
		SELECT e.month, e.id, s.subscriber_id, 1, s.provider_id, CASE WHEN e.id = 4 THEN 'sent' ELSE 'cancelled' END, $1::timestamptz
		FROM edition e, subscription s WHERE e.id < 7`, f.Clock.Now())
	queued := func() []int64 {
		t.Helper()
		rows, err := f.DB.Query(ctx, `SELECT d.edition_id FROM delivery d JOIN edition e ON e.id = d.edition_id
			WHERE d.state = 'queued' AND d.settled_at IS NULL AND e.state = 'open' ORDER BY d.edition_id`)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	for range 2 { // the second press finds nothing to take back
		if ok, err := f.Undo(ctx, c.Preferences, Evidence{}); err != nil || !ok {
			t.Fatalf("undo: %t, %v", ok, err)
		}
		if got := queued(); !slices.Equal(got, []int64{1}) {
			t.Errorf("queued again: corrections %v, want the first alone", got)
		}
		if n := f.number(`SELECT count(*) FROM owed`); n != 0 {
			t.Errorf("%d articles are owed that the reader had", n)
		}
	}
	// Left and back once more after it was sent: it is not sent twice. In a pause it waits.
	f.exec(`UPDATE delivery SET state = CASE WHEN edition_id = 1 THEN 'sent' ELSE state END, settled_at = $1`, f.Clock.Now())
	until := f.Clock.Now().Add(24 * time.Hour)
	f.exec(`UPDATE subscription SET paused_until = $1`, until)
	if _, err := f.Unsubscribe(ctx, c.Preferences, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	f.exec(`UPDATE edition SET state = 'settled', resume_at = NULL WHERE id = 5`)
	f.exec(`UPDATE delivery SET settled_at = $1 WHERE edition_id = 5`, f.Clock.Now())
	if ok, err := f.Undo(ctx, c.Preferences, Evidence{}); err != nil || !ok {
		t.Fatalf("undo: %t, %v", ok, err)
	}
	if n := f.number(`SELECT count(*) FROM delivery WHERE edition_id = 5 AND state = 'deferred' AND due_at = $1`, until); n != 1 || len(queued()) != 0 {
		t.Errorf("%d corrections wait for the end of the pause; queued: %v", n, queued())
	}
}

// The press on "stop everything" is taken back as a whole, and alone: what a
// one-click leave had ended a moment before stays left.
func TestUndoTakesBackOnePress(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	f.exec(`WITH n AS (
			INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			SELECT family_id, 'n-' || i, 'Letter ' || i, i, 'N', 'n@example.org' FROM newsletter, unnest(ARRAY['pl', 'de']) i RETURNING id)
		INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT n.id, s.subscriber_id, 'active', 'weekly', 'uk', 'UTC', 8, 0, s.provider_id, s.created_at FROM n, subscription s`)
	link := UnsubscribeToken(f.Keys, c.NewsletterID, c.SubscriberID)
	if _, err := f.Unsubscribe(ctx, link, FromHeader, Evidence{}); err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(time.Second)
	press, err := f.UnsubscribeAll(ctx, link, Evidence{})
	if err != nil || !press.Equal(f.Clock.Now()) {
		t.Fatalf("%v, %v", press, err)
	}
	if again, err := f.UnsubscribeAll(ctx, link, Evidence{}); err != nil || !again.IsZero() {
		t.Errorf("a press that ends nothing: %v, %v", again, err)
	}
	if l, err := f.LeavePage(ctx, link, press); err != nil || !l.Already || !l.Apart || !slices.Equal(l.With, []string{"Letter de", "Letter pl"}) {
		t.Errorf("page after the press: %+v, %v", l, err)
	}
	for _, other := range []time.Time{{}, press.Add(-time.Second), press.Add(time.Microsecond)} {
		if l, err := f.LeavePage(ctx, link, other); err != nil || l.Apart || len(l.With) != 0 {
			t.Errorf("page of the press at %v: %+v, %v", other, l, err)
		}
	}
	states := func() string {
		t.Helper()
		var out string
		if err := f.DB.QueryRow(ctx, `SELECT string_agg(state, ' ' ORDER BY newsletter_id) FROM subscription`).Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for range 2 {
		if u, err := f.UndoPress(ctx, link, press, Evidence{}); err != nil || u.Active || u.Over || states() != "ended active active" {
			t.Errorf("the press is taken back: %+v, %v, %s", u, err, states())
		}
	}
	if ok, err := f.Undo(ctx, link, Evidence{}); err != nil || !ok || states() != "active active active" {
		t.Errorf("the one-click leave is taken back: %t, %v, %s", ok, err, states())
	}
	f.exec(`UPDATE subscription SET state = 'ended', end_source = CASE newsletter_id WHEN 1 THEN 'header' ELSE 'page' END, ended_at = $1`, press)
	if l, err := f.LeavePage(ctx, link, time.Time{}); err != nil || len(l.With) != 0 {
		t.Errorf("two presses in one moment: %+v, %v", l, err)
	}
	f.Clock.Advance(undoWithin + time.Second)
	if u, err := f.UndoPress(ctx, link, press, Evidence{}); err != nil || !u.Over || u.Active {
		t.Errorf("after 30 days: %+v, %v", u, err)
	}
}

// The second of two presses at once is recorded as what it was: a change of what
// the first one had made.
func TestTwoPressesOnSettings(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	first, err := f.DB.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Rollback(ctx) }()
	if _, err := first.Exec(ctx, `UPDATE subscription SET cadence = 'weekly'`); err != nil {
		t.Fatal(err)
	}
	type result struct {
		Saved
		err error
	}
	second := make(chan result, 1)
	go func() {
		saved, err := f.SavePreferences(ctx, c.Preferences, Change{Cadence: "monthly", Locale: "uk", Zone: "Europe/Kyiv", Hour: 8}, Evidence{})
		second <- result{saved, err}
	}()
	for !f.waiting() {
		if len(second) > 0 {
			t.Fatalf("saved without waiting: %+v", <-second)
		}
	}
	if err := first.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-second; got.err != nil || got.Cadence != "monthly" || got.Before.Cadence != "weekly" {
		t.Errorf("%+v", got)
	}
	if n := f.number(`SELECT count(*) FROM consent_person WHERE changes @> '[{"what": "cadence", "from": ["weekly"], "to": ["monthly"]}]'`); n != 1 {
		t.Error("the proof says something else")
	}
}

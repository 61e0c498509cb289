package article

import (
	"math"
	"slices"
	"testing"
	"time"

	"vistka/internal/newsletter"
	"vistka/internal/postgres/pgtest"
)

// What a reader is promised of each cadence is what the last three months would
// have brought.
func TestMonthlyVolume(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), pgtest.New(t)
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	n := newsletter.New()
	n.Slug, n.Name, n.FromName, n.FromAddress = "watch", "Watch", "Watch", "news@example.org"
	n, err := newsletter.Add(ctx, db, n, "", now)
	if err != nil {
		t.Fatal(err)
	}
	seq := 0
	out := func(ago time.Duration, topics ...string) {
		t.Helper()
		seq++
		_, err := db.Exec(ctx, `WITH s AS (INSERT INTO story DEFAULT VALUES RETURNING id)
			INSERT INTO article (newsletter_id, story_id, url, title, topics, first_seen_at, updated_at, state, reason, seq, released_at)
			SELECT $1, id, 'https://example.org/a', 'T', $2, $3::timestamptz, $3, 'released', '{"key": "reason.words"}', $4, $3 FROM s`,
			n.ID, topics, now.Add(-ago), seq)
		if err != nil {
			t.Fatal(err)
		}
	}
	volume := func(topics []string) Volume {
		t.Helper()
		v, err := MonthlyVolume(ctx, db, n.ID, topics, now)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := volume(nil); v != nil {
		t.Errorf("without history: %v", v)
	}
	out(13*day, "Law")
	if v := volume(nil); v != nil {
		t.Errorf("a history of 13 days: %v", v)
	}
	// Three a day on Mondays, for longer than is looked back.
	for week := range 20 {
		for i := range 3 {
			out(time.Duration(week)*7*day+time.Duration(i)*time.Hour+time.Hour, "Research")
		}
	}
	want := func(name string, topics []string, instant, daily, weekly, monthly float64) {
		t.Helper()
		v := volume(topics)
		for cadence, w := range map[string]float64{newsletter.Instant: instant, newsletter.Daily: daily, newsletter.Weekly: weekly, newsletter.Monthly: monthly} {
			if math.Abs(v[cadence]-w) > 0.05 {
				t.Errorf("%s, %s: %.2f a month, want %.2f", name, cadence, v[cadence], w)
			}
		}
	}
	want("everything", nil, 40*daysAMonth/91, 14*daysAMonth/91, 13*daysAMonth/91, 1)
	want("one topic", []string{"Law"}, daysAMonth/91, daysAMonth/91, daysAMonth/91, daysAMonth/91)
	want("a topic of nothing", []string{"Sport"}, 0, 0, 0, 0)

	topics, err := Topics(ctx, db, n.ID, now)
	if err != nil || !slices.Equal(topics, []string{"Law", "Research"}) {
		t.Errorf("topics: %v, %v", topics, err)
	}
	if _, err := db.Exec(ctx, `UPDATE article SET withdrawn_at = $1 WHERE topics = '{Law}'`, now); err != nil {
		t.Fatal(err)
	}
	want("without what was withdrawn", []string{"Law"}, 0, 0, 0, 0)
	if topics, err := Topics(ctx, db, n.ID, now); err != nil || !slices.Equal(topics, []string{"Research"}) {
		t.Errorf("topics: %v, %v", topics, err)
	}
}

package edition

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// crowd is a newsletter with many readers of one cadence, and a sibling with a
// hundredth of them.
type crowd struct {
	db    *pgxpool.Pool
	clock *postgres.Clock
	svc   *Service
}

func newCrowd(tb testing.TB, cadence string, readers int) *crowd {
	tb.Helper()
	c := &crowd{db: pgtest.New(tb), clock: postgres.NewTestClock(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))}
	c.svc = &Service{DB: c.db, Clock: c.clock, Log: slog.New(slog.DiscardHandler)}
	for _, sql := range []string{
		`INSERT INTO family DEFAULT VALUES`,
		`INSERT INTO provider (domain) VALUES ('example.org')`,
		`INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			SELECT 1, 'n' || i, 'N', 'en', 'N', 'n@example.org' FROM generate_series(1, 2) i`,
		`INSERT INTO subscriber (address, address_key, address_hash, provider_id, locale, created_at)
			SELECT i || '@example.org', i || '@example.org', i::text::bytea, 1, 'en', '2026-01-01' FROM generate_series(1, @readers::int) i`,
		`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, topics, locale, zone, hour, seen_seq, due_at, provider_id, created_at)
			SELECT 1, i, 'active', @cadence, CASE WHEN i % 10 = 0 THEN ARRAY['a'] END, CASE WHEN i % 2 = 0 THEN 'uk' ELSE 'en' END,
			'Europe/Kyiv', 8, 0, next_slot(@cadence, 'Europe/Kyiv', 8::int2, '2026-11-23 05:00+00'), 1, '2026-01-01' FROM generate_series(1, @readers::int) i`,
		`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
			SELECT 2, i * 100, 'active', 'instant', 'en', 'Europe/Kyiv', 8, 0, 1, '2026-01-01' FROM generate_series(1, @readers::int / 100) i`,
		`VACUUM ANALYZE`,
	} {
		if _, err := c.db.Exec(tb.Context(), sql, pgx.NamedArgs{"readers": readers, "cadence": cadence}); err != nil {
			tb.Fatalf("%s: %v", sql, err)
		}
	}
	return c
}

func (c *crowd) release(tb testing.TB) {
	tb.Helper()
	_, err := c.db.Exec(tb.Context(), `WITH n AS (UPDATE newsletter SET last_seq = last_seq + 1 WHERE id = 1 RETURNING last_seq),
		story AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, topics, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT 1, story.id, 'https://example.org/' || last_seq, 'T', '{a}', $1, $1, 'released', '{"key": "reason.words"}', last_seq, $1 FROM n, story`, c.clock.Now())
	if err != nil {
		tb.Fatal(err)
	}
}

// Each article moves the mark of every reader: no index may have to follow.
func TestFanOutLeavesIndexesAlone(t *testing.T) {
	const readers = 3000
	c := newCrowd(t, "instant", readers)
	size := func() (n int64) {
		t.Helper()
		err := c.db.QueryRow(t.Context(), `SELECT pg_indexes_size('subscription')`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := size()
	for range 2 {
		c.release(t)
		if r, err := c.svc.FanOut(t.Context(), 1); err != nil || r.Deliveries != readers {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if after := size(); after != before {
		t.Errorf("indexes of subscription grew from %d to %d bytes", before, after)
	}
}

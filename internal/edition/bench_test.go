package edition

import (
	"log/slog"
	"testing"
	"time"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// BenchmarkFanOut makes the deliveries of an instant article and of a daily
// slot to 200,000 readers of a newsletter that has a sibling.
//
//	go test ./internal/edition -run NONE -bench FanOut -benchtime 1x
func BenchmarkFanOut(b *testing.B) {
	const readers = 200_000
	for _, cadence := range []string{"instant", "daily"} {
		b.Run(cadence, func(b *testing.B) {
			pool := pgtest.New(b)
			start := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
			clock := postgres.NewTestClock(start)
			svc := &Service{DB: pool, Clock: clock, Log: slog.New(slog.DiscardHandler)}
			for _, sql := range []string{
				`INSERT INTO family DEFAULT VALUES`,
				`INSERT INTO provider (domain) VALUES ('example.org')`,
				`INSERT INTO story DEFAULT VALUES`,
				`INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
					SELECT 1, 'n' || i, 'N', 'en', 'N', 'n@example.org' FROM generate_series(1, 2) i`,
				`INSERT INTO subscriber (address, address_key, address_hash, provider_id, locale, created_at)
					SELECT i || '@example.org', i || '@example.org', i::text::bytea, 1, 'en', '2026-01-01' FROM generate_series(1, 200000) i`,
				`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, topics, locale, zone, hour, seen_seq, due_at, provider_id, created_at)
					SELECT 1, i, 'active', '` + cadence + `', CASE WHEN i % 10 = 0 THEN ARRAY['a'] END, CASE WHEN i % 2 = 0 THEN 'uk' ELSE 'en' END,
					'Europe/Kyiv', 8, 0, next_slot('` + cadence + `', 'Europe/Kyiv', 8::int2, '2026-11-23 05:00+00'), 1, '2026-01-01' FROM generate_series(1, 200000) i`,
				`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
					SELECT 2, i * 100, 'active', 'instant', 'en', 'Europe/Kyiv', 8, 0, 1, '2026-01-01' FROM generate_series(1, 2000) i`,
				`VACUUM ANALYZE`,
			} {
				if _, err := pool.Exec(b.Context(), sql); err != nil {
					b.Fatalf("%s: %v", sql, err)
				}
			}
			b.ResetTimer()
			for range b.N {
				if _, err := pool.Exec(b.Context(), `WITH n AS (UPDATE newsletter SET last_seq = last_seq + 1 WHERE id = 1 RETURNING last_seq)
					INSERT INTO article (newsletter_id, story_id, url, title, topics, first_seen_at, updated_at, state, reason, seq, released_at)
					SELECT 1, 1, 'https://example.org/', 'T', '{a}', $1, $1, 'released', '{"key": "reason.words"}', last_seq, $1 FROM n`, clock.Now()); err != nil {
					b.Fatal(err)
				}
				clock.Advance(time.Hour)
				r, err := svc.FanOut(b.Context(), 1)
				if err != nil || r.Deliveries != readers {
					b.Fatalf("%+v, %v", r, err)
				}
				clock.Advance(23 * time.Hour)
			}
			b.ReportMetric(float64(readers)*float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}

package delivery

import (
	"context"
	"fmt"
	"testing"

	"vistka/internal/mailer/smtptest"
)

// BenchmarkRecord is the ledger's cycle as a driver has it under way: the
// outcomes of one group and the attempts of the next in one commit.
func BenchmarkRecord(b *testing.B) {
	for _, group := range []int{4, 16, 32} {
		b.Run(fmt.Sprint(group), func(b *testing.B) {
			w := makeWorld(b, smtptest.Options{})
			const readers = 20_000
			w.manyReaders(readers)
			conn, err := w.db.Acquire(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Release()
			if _, err := conn.Exec(context.Background(), "SET plan_cache_mode = force_generic_plan"); err != nil { // as postgres.OpenSession
				b.Fatal(err)
			}
			ledger := w.ledger()
			ledger.DB = conn
			all := make([]Next, readers)
			for i := range all {
				all[i] = w.next(int64(i + 1))
			}
			var last []Outcome
			reader := 0
			for b.Loop() {
				if reader+group > readers {
					b.StopTimer()
					w.manyReaders(readers)
					reader, last = 0, nil
					b.StartTimer()
				}
				nexts := all[reader : reader+group]
				reader += group
				granted, err := ledger.Record(context.Background(), last, nexts)
				if err != nil || !granted[0] || !granted[group-1] {
					b.Fatal(granted, err)
				}
				last = last[:0]
				for _, n := range nexts {
					last = append(last, Outcome{Key: n.Key, State: Sent, Reply: "250 2.0.0 Ok: queued as 4X7jKz1yQbz"})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*group), "µs/mail")
		})
	}
}

// manyReaders makes readers with the ids from 1 and queues the edition to each,
// or all of it again.
func (w *world) manyReaders(n int) {
	w.t.Helper()
	w.exec(`
		INSERT INTO subscriber (address, address_key, address_hash, provider_id, locale, created_at)
		SELECT 'r' || i || '@example.org', 'r' || i, sha256(i::text::bytea), 1, 'en', $2
		FROM generate_series(1, $1::int) AS i
		ON CONFLICT DO NOTHING`, n, w.clock.Now())
	w.exec(`
		INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT 1, id, 'active', 'instant', 'en', 'UTC', 8, 1, 1, $1 FROM subscriber
		ON CONFLICT DO NOTHING`, w.clock.Now())
	w.exec(`TRUNCATE delivery`)
	w.exec(`
		INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state)
		SELECT $1, $2, id, 1, 1, 'queued' FROM subscriber`, w.month, w.edition)
	w.exec(`VACUUM ANALYZE delivery, subscriber, subscription`)
}

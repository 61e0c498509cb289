package subscriber

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"vistka/internal/newsletter"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/token"
)

func benchService(b *testing.B) (*Service, int64) {
	b.Helper()
	keys, err := token.NewKeys("a secret for the tests only")
	if err != nil {
		b.Fatal(err)
	}
	s := &Service{DB: pgtest.New(b), Keys: keys, Hasher: token.NewHasher(token.NewHasherKey()), Clock: postgres.NewTestClock(start)}
	n := newsletter.New()
	n.Slug, n.Name, n.FromName, n.FromAddress = "news", "News", "Newsroom", "news@example.org"
	n, err = newsletter.Add(context.Background(), s.DB, n, "", start)
	if err != nil {
		b.Fatal(err)
	}
	return s, n.ID
}

// BenchmarkExport compares Export with a bare COPY of the same rows, in turns.
func BenchmarkExport(b *testing.B) {
	const rows = 200_000
	s, id := benchService(b)
	ctx := context.Background()
	if err := s.Seed(ctx, id, rows, nil); err != nil {
		b.Fatal(err)
	}
	conn, err := s.DB.Acquire(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	const bare = `COPY (SELECT r.address, 'news', s.state, s.cadence, s.locale, s.zone, s.hour, s.created_at, s.paused_until, s.ended_at, s.end_source
		FROM subscription s JOIN subscriber r ON r.id = s.subscriber_id) TO STDOUT (FORMAT csv, HEADER true)`
	var ours, theirs time.Duration
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		if n, err := s.Export(ctx, io.Discard, ExportFilter{}); err != nil || n != rows {
			b.Fatal(n, err)
		}
		ours += time.Since(began)
		began = time.Now()
		if _, err := conn.Conn().PgConn().CopyTo(ctx, io.Discard, bare); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(began)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "times-COPY")
	b.ReportMetric(ours.Seconds()/float64(b.N), "s/export")
}

func BenchmarkSignUp(b *testing.B) {
	s, id := benchService(b)
	var n atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			r := (&fixture{t: &testing.T{}, news: newsletter.Newsletter{ID: id}}).request(fmt.Sprintf("reader-%d@example.org", i))
			r.IP = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			if _, err := s.SignUp(context.Background(), r); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sign-ups/s")
}

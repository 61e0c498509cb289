package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

func TestClockTellsTheDatabasesTime(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	clock, err := postgres.NewClock(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	before := databaseTime(t, pool)
	now := clock.Now()
	after := databaseTime(t, pool)
	// The middle of a round trip is not exactly the moment of the answer.
	const slack = time.Second
	if now.Before(before.Add(-slack)) || now.After(after.Add(slack)) {
		t.Errorf("clock %v is not between the database's %v and %v", now, before, after)
	}
	if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Errorf("%v is not what Postgres could store", now)
	}
}

func databaseTime(t *testing.T, db postgres.DB) time.Time {
	t.Helper()
	var at time.Time
	if err := db.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&at); err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTestClockStandsUntilMoved(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)
	c := postgres.NewTestClock(start)
	if got := c.Now(); !got.Equal(start) {
		t.Errorf("now %v, want %v", got, start)
	}
	c.Advance(time.Hour)
	if got, want := c.Now(), start.Add(time.Hour); !got.Equal(want) {
		t.Errorf("after Advance %v, want %v", got, want)
	}
	kyiv := time.FixedZone("EEST", 3*60*60)
	c.Set(start.In(kyiv))
	if got := c.Now(); !got.Equal(start) || got.Location() != time.UTC {
		t.Errorf("after Set %v, want %v in UTC", got, start)
	}
}

// dial answers as a database whose clock is off by a given span.
type dial struct {
	postgres.DB
	mu    sync.Mutex
	ahead time.Duration
	fails bool
	asked int
}

func (d *dial) QueryRow(context.Context, string, ...any) pgx.Row { return d }

func (d *dial) Scan(dest ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.fails {
		return errors.New("away")
	}
	*dest[0].(*time.Time) = time.Now().Add(d.ahead)
	return nil
}

func (d *dial) set(ahead time.Duration, fails bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ahead, d.fails = ahead, fails
}

func TestRunFollowsTheDatabaseAndOutlivesItsAbsence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &dial{ahead: time.Hour}
		c, err := postgres.NewClock(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx, db) }()
		offset := func() time.Duration { return time.Until(c.Now()).Round(time.Second) }

		db.set(2*time.Hour, false)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if got := offset(); got != 2*time.Hour {
			t.Errorf("after the database's clock was moved: %v ahead, want 2h", got)
		}
		db.set(9*time.Hour, true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := offset(); got != 2*time.Hour {
			t.Errorf("while the database is away: %v ahead, want 2h still", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestRunLeavesAStandingClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c, db := postgres.NewTestClock(start), &dial{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx, db) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		cancel()
		<-done
		if got := c.Now(); !got.Equal(start) || db.asked != 0 {
			t.Errorf("now %v after %d readings", got, db.asked)
		}
	})
}

func TestNewClockNeedsAnAnswer(t *testing.T) {
	t.Parallel()
	if _, err := postgres.NewClock(t.Context(), &dial{fails: true}); err == nil {
		t.Error("a clock that was never measured")
	}
}

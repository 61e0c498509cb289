package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Clock tells the database's time without asking it each time: the difference
// between its clock and this process's monotonic one is measured on start and
// then every resyncEvery, so a step of the machine's wall clock moves nothing.
// Durations stay monotonic. Tests set it by hand.
type Clock struct {
	mu    sync.RWMutex
	base  time.Time     // database time at origin
	at    time.Time     // local reading with monotonic part; zero: the clock stands
	ahead time.Duration // by Advance
}

const (
	resyncEvery = 30 * time.Second
	// resyncWithin bounds a reading: the answer's moment is known to half the
	// round trip, and a slow one is worth less than the difference we have.
	resyncWithin = 2 * time.Second
)

// NewClock measures db's clock once. Returns the database's error if it
// cannot be asked.
func NewClock(ctx context.Context, db DB) (*Clock, error) {
	c := &Clock{}
	if err := c.Sync(ctx, db); err != nil {
		return nil, err
	}
	return c, nil
}

// NewTestClock returns a clock that stands at t until Set or Advance.
func NewTestClock(t time.Time) *Clock { return &Clock{base: t.UTC()} }

// Now is the database's time in UTC, rounded to the microsecond Postgres keeps.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.at.IsZero() {
		return c.base
	}
	return c.base.Add(time.Since(c.at)).Round(time.Microsecond).UTC()
}

// Set makes a test clock stand at t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base, c.at = t.UTC(), time.Time{}
}

// Advance moves a clock by d, for tests: one that stands goes on standing, one
// that runs goes on running, that much ahead of the database.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base, c.ahead = c.base.Add(d), c.ahead+d
}

// Sync measures the database's clock again. The mid-point of the round trip is
// taken as the moment of the answer.
func (c *Clock) Sync(ctx context.Context, db DB) error {
	start := time.Now()
	var now time.Time
	if err := db.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
		return fmt.Errorf("read the database's clock: %w", err)
	}
	trip := time.Since(start)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base, c.at = now.UTC().Add(c.ahead), start.Add(trip/2)
	return nil
}

// Run keeps the clock in step until ctx ends. A failed reading keeps the last
// difference: a database that is away cannot move time. A clock set by hand is
// left standing.
func (c *Clock) Run(ctx context.Context, db DB) error {
	tick := time.NewTicker(resyncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if c.stands() {
				continue
			}
			once, cancel := context.WithTimeout(ctx, resyncWithin)
			_ = c.Sync(once, db)
			cancel()
		}
	}
}

func (c *Clock) stands() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.at.IsZero()
}

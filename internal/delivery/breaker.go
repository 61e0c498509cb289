package delivery

import (
	"context"
	"sync"
	"time"
)

// Backoff bounds the pause of a relay that takes nothing; it doubles from Min to Max.
type Backoff struct{ Min, Max time.Duration }

func (b Backoff) orDefaults() Backoff {
	if b.Min <= 0 {
		b.Min = time.Second
	}
	if b.Max < b.Min {
		b.Max = max(time.Minute, b.Min)
	}
	return b
}

// breaker stands before a whole relay. Open, it lets one worker through at each
// step of the back-off; nobody's tries are charged meanwhile (D17). Its times
// are durations of this process, not moments of the database's clock.
type breaker struct {
	backoff Backoff

	mu      sync.Mutex
	step    time.Duration // 0: closed
	until   time.Time
	probing bool
	changed chan struct{}
}

func newBreaker(b Backoff) *breaker {
	return &breaker{backoff: b.orDefaults(), changed: make(chan struct{})}
}

// enter blocks while the relay is paused. Returns false if ctx ended. When
// probe is true the caller alone was let through and must call ok or fail.
func (b *breaker) enter(ctx context.Context) (probe, entered bool) {
	for {
		b.mu.Lock()
		changed := b.changed
		wait := time.Until(b.until)
		switch {
		case b.step == 0:
			b.mu.Unlock()
			return false, ctx.Err() == nil
		case !b.probing && wait <= 0:
			b.probing = true
			b.mu.Unlock()
			return true, ctx.Err() == nil
		case b.probing:
			wait = time.Hour // the probe's end wakes us
		}
		b.mu.Unlock()
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return false, false
		case <-changed:
		case <-t.C:
		}
		t.Stop()
	}
}

// ok closes the breaker. Returns true if it was open.
func (b *breaker) ok() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.step == 0 {
		return false
	}
	b.step, b.probing = 0, false
	b.wake()
	return true
}

// fail opens it, or takes the next step. Workers that fail together while it is
// open already count once. Returns the pause and whether it was closed before.
func (b *breaker) fail(probe bool) (pause time.Duration, opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	opened = b.step == 0
	if opened || probe {
		b.step = min(max(2*b.step, b.backoff.Min), b.backoff.Max)
		b.until = time.Now().Add(b.step)
	}
	if probe {
		b.probing = false
	}
	b.wake()
	return b.step, opened
}

func (b *breaker) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.step > 0
}

package delivery

import (
	"context"
	"sync"
	"time"
)

// pace spreads mails evenly over a relay's rate; 0 a second means no limit.
type pace struct {
	every time.Duration

	mu   sync.Mutex
	next time.Time
}

func newPace(rate float64) *pace {
	p := &pace{}
	if rate > 0 {
		p.every = time.Duration(float64(time.Second) / rate)
	}
	return p
}

// wait blocks until it is this mail's turn. Returns false if ctx ended.
func (p *pace) wait(ctx context.Context) bool {
	if p.every == 0 {
		return ctx.Err() == nil
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now // what was not used is not made up for: no bursts
	}
	turn := p.next
	p.next = p.next.Add(p.every)
	p.mu.Unlock()
	return sleep(ctx, time.Until(turn))
}

// now takes a turn if one is free at once.
func (p *pace) now() bool {
	if p.every == 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.next.After(now) {
		return false
	}
	p.next = now.Add(p.every)
	return true
}

// sleep waits for d. Returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

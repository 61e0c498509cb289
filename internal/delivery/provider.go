package delivery

import (
	"sync"
	"time"
)

// providers remembers which destinations asked for less: nothing for at least
// ten minutes, then one message at a time, one more for each that is taken
// (Gmail's own advice, D21).
type providers struct {
	mu sync.Mutex
	by map[int64]*provider
}

type provider struct {
	until time.Time // of the service's clock
	limit int       // messages under way at once
	busy  int
}

// easy is the limit at which a provider counts as recovered.
const easy = 8

func newProviders() *providers { return &providers{by: map[int64]*provider{}} }

// rest stops mail to a provider.
func (p *providers) rest(id int64, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by[id] == nil {
		p.by[id] = &provider{}
	}
	p.by[id].until, p.by[id].limit = now.Add(slowRetry), 1
}

// resting lists the providers that get nothing at the moment; empty, not nil,
// for SQL's ALL.
func (p *providers) resting(now time.Time) []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := []int64{}
	for id, s := range p.by {
		if now.Before(s.until) {
			ids = append(ids, id)
		}
	}
	return ids
}

// begin takes a place. Returns false if the provider has none now.
func (p *providers) begin(id int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.by[id]
	if s == nil {
		return true
	}
	if now.Before(s.until) || s.busy >= s.limit {
		return false
	}
	s.busy++
	return true
}

// end gives the place back.
func (p *providers) end(id int64, accepted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.by[id]
	if s == nil {
		return
	}
	s.busy = max(s.busy-1, 0)
	if accepted {
		if s.limit++; s.limit > easy {
			delete(p.by, id)
		}
	}
}

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

// begin says whether a message may go, and whether it took a place that end
// gives back: only where the provider has asked for less.
func (p *providers) begin(id int64, now time.Time) (ok, placed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.by[id]
	if s == nil {
		return true, false
	}
	if now.Before(s.until) || s.busy >= s.limit {
		return false, false
	}
	s.busy++
	return true, true
}

// end gives the place back. What is accepted during a rest was on its way
// before it, and says nothing.
func (p *providers) end(id int64, accepted bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.by[id]
	if s == nil {
		return
	}
	s.busy--
	if accepted && !now.Before(s.until) {
		if s.limit++; s.limit > easy {
			delete(p.by, id)
		}
	}
}

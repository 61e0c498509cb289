package server

import (
	"context"
	"sync"
	"time"

	"vistka/internal/newsletter"
	"vistka/internal/postgres"
)

// recent keeps newsletters for a moment, by slug: forms come in crowds, and each
// needs the same one. The zero value keeps nothing.
type recent struct {
	kept time.Duration

	mu    sync.Mutex
	known map[string]recentNewsletter
}

type recentNewsletter struct {
	newsletter.Newsletter
	at time.Time
}

func newRecent(kept time.Duration) *recent {
	return &recent{kept: kept, known: map[string]recentNewsletter{}}
}

// bySlug is newsletter.BySlug as of now or a moment ago. Only what is there is
// kept, so there are never more than there are newsletters.
func (r *recent) bySlug(ctx context.Context, db postgres.DB, slug string) (newsletter.Newsletter, error) {
	r.mu.Lock()
	n, ok := r.known[slug]
	r.mu.Unlock()
	if ok && time.Since(n.at) < r.kept {
		return n.Newsletter, nil
	}
	at := time.Now() // before it is read: it may be changed while it is on its way
	read, err := newsletter.BySlug(ctx, db, slug)
	if err != nil || r.kept == 0 {
		return read, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[slug] = recentNewsletter{read, at}
	return read, nil
}

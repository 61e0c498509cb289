package server

import (
	"context"
	"sync"
	"time"

	"vistka/internal/newsletter"
	"vistka/internal/postgres"
)

// newsletterCache keeps newsletters for a moment, by slug: forms come in crowds,
// and each needs the same one.
type newsletterCache struct {
	maxAge time.Duration // 0: nothing is kept

	mu     sync.Mutex
	bySlug map[string]cachedNewsletter
}

type cachedNewsletter struct {
	newsletter.Newsletter
	at time.Time
}

func newNewsletterCache(maxAge time.Duration) *newsletterCache {
	return &newsletterCache{maxAge: maxAge, bySlug: map[string]cachedNewsletter{}}
}

// get is newsletter.BySlug as of now or a moment ago. Only what is there is
// kept, so there are never more than there are newsletters.
func (c *newsletterCache) get(ctx context.Context, db postgres.DB, slug string) (newsletter.Newsletter, error) {
	c.mu.Lock()
	n, ok := c.bySlug[slug]
	c.mu.Unlock()
	if ok && time.Since(n.at) < c.maxAge {
		return n.Newsletter, nil
	}
	at := time.Now() // before it is read: it may be changed while it is on its way
	read, err := newsletter.BySlug(ctx, db, slug)
	if err != nil || c.maxAge == 0 {
		return read, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bySlug[slug] = cachedNewsletter{read, at}
	return read, nil
}

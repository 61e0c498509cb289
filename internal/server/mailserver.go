package server

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	// mailServerBudget is what a sign-up may wait for DNS; then the domain is believed.
	mailServerBudget = 1500 * time.Millisecond
	// mailServerKept is how long an answer is known: a domain that was refused
	// may be mended at any minute, one that takes mail does so for long.
	mailServerKept = 10 * time.Minute
	// mailServerUnknown is how long a silent resolver is not asked again for
	// the same domain.
	mailServerUnknown = time.Minute
	// mailServerDomains bounds what is remembered, whoever types what.
	mailServerDomains = 10_000
)

// Resolver is what LookupMailServer asks; *net.Resolver is one. Errors are
// *net.DNSError, which says whether the name is not there or the resolver is.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// LookupMailServer returns a check for Deps.MailServer: false only when DNS
// says so, that is no MX and no address (RFC 5321 section 5.1), or a null MX
// (RFC 7505). A slow or broken resolver never turns a reader away. Answers are
// kept for minutes; they depend on the domain alone, so that the time they take
// tells nothing of an address.
func LookupMailServer(r Resolver, now func() time.Time) func(context.Context, string) bool {
	cache := &mailServers{known: map[string]mailServer{}}
	return func(ctx context.Context, domain string) bool {
		if takes, ok := cache.get(domain, now()); ok {
			return takes
		}
		takes, certain := askMailServer(ctx, r, domain)
		kept := mailServerKept
		if !certain {
			kept = mailServerUnknown
		}
		cache.put(domain, takes, now().Add(kept), now())
		return takes
	}
}

// askMailServer believes a domain that DNS does not answer for; certain is
// false then.
func askMailServer(ctx context.Context, r Resolver, domain string) (takes, certain bool) {
	ctx, cancel := context.WithTimeout(ctx, mailServerBudget)
	defer cancel()
	mx, err := r.LookupMX(ctx, domain+".")
	switch {
	case len(mx) == 1 && (mx[0].Host == "." || mx[0].Host == ""):
		return false, true
	case len(mx) > 0:
		return true, true
	case err != nil && !notFound(err):
		return true, false
	}
	_, err = r.LookupHost(ctx, domain+".")
	return err == nil || !notFound(err), err == nil || notFound(err)
}

func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// mailServers is what DNS has said lately.
type mailServers struct {
	mu    sync.Mutex
	known map[string]mailServer
}

type mailServer struct {
	takes bool
	until time.Time
}

func (c *mailServers) get(domain string, now time.Time) (takes, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.known[domain]
	return m.takes, ok && now.Before(m.until)
}

func (c *mailServers) put(domain string, takes bool, until, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= mailServerDomains {
		for d, m := range c.known {
			if !now.Before(m.until) {
				delete(c.known, d)
			}
		}
	}
	if len(c.known) >= mailServerDomains { // all of them new: forgetting costs a question each
		clear(c.known)
	}
	c.known[domain] = mailServer{takes, until}
}

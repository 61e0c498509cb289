package server

import (
	"context"
	"errors"
	"net"
	"time"
)

// mailServerBudget is what a sign-up may wait for DNS; then the domain is believed.
const mailServerBudget = 1500 * time.Millisecond

// LookupMailServer returns a check for Deps.MailServer: false only when DNS
// says so, that is no MX and no address (RFC 5321 section 5.1), or a null MX
// (RFC 7505). A slow or broken resolver never turns a reader away.
func LookupMailServer(r *net.Resolver) func(context.Context, string) bool {
	return func(ctx context.Context, domain string) bool {
		ctx, cancel := context.WithTimeout(ctx, mailServerBudget)
		defer cancel()
		mx, err := r.LookupMX(ctx, domain+".")
		switch {
		case err == nil && len(mx) == 1 && mx[0].Host == ".":
			return false
		case len(mx) > 0:
			return true
		case err != nil && !notFound(err):
			return true
		}
		_, err = r.LookupHost(ctx, domain+".")
		return err == nil || !notFound(err)
	}
}

func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

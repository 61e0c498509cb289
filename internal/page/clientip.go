package page

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// ClientIP says whose a request is: the peer, or the nearest address in
// X-Forwarded-For that is no trusted proxy. Behind a proxy that is not trusted
// nobody is known by an address: limits on it would count all readers as one.
func ClientIP(trusted []netip.Prefix) func(http.Handler) http.Handler {
	if len(trusted) == 0 {
		return func(next http.Handler) http.Handler {
			known := middleware.ClientIPFromRemoteAddr(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if UntrustedProxy(r, trusted) {
					next.ServeHTTP(w, r)
					return
				}
				known.ServeHTTP(w, r)
			})
		}
	}
	prefixes := make([]string, len(trusted))
	for i, p := range trusted {
		prefixes[i] = p.String()
	}
	return middleware.ClientIPFromXFF(prefixes...)
}

// UntrustedProxy reports whether the request came through a proxy on this
// machine or network though no proxy is trusted.
func UntrustedProxy(r *http.Request, trusted []netip.Prefix) bool {
	if len(trusted) > 0 || strings.TrimSpace(r.Header.Get("X-Forwarded-For")) == "" {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && (peer.Addr().Unmap().IsPrivate() || peer.Addr().Unmap().IsLoopback())
}

// proxyRemembered is how long one such request is talked about: whoever opens
// Home past the proxy must hear of it too.
const proxyRemembered = 24 * time.Hour

// WatchProxy remembers requests that UntrustedProxy tells.
func (p *Pages) WatchProxy(trusted []netip.Prefix, now func() time.Time) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if UntrustedProxy(r, trusted) {
				p.proxySeen.Store(now().Unix())
			}
			next.ServeHTTP(w, r)
		})
	}
}

// ProxySeen reports whether WatchProxy of this process saw such a request
// within the last day.
func (p *Pages) ProxySeen(now time.Time) bool {
	return now.Sub(time.Unix(p.proxySeen.Load(), 0)) < proxyRemembered
}

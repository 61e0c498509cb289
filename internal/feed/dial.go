package feed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// errRefused marks a connection that was never made because its address is not
// public or its port is not one of the web's.
var errRefused = errors.New("address is not public")

// notPublic4 lists what is not globally reachable (IANA special-purpose
// registry, RFC 6890 and its updates) plus multicast and the reserved rest.
var notPublic4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
	"192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4")

// Of IPv6 only 2000::/3 is unicast on the internet; within it these lead
// elsewhere: Teredo and other assignments, documentation, 6to4 (which carries
// any IPv4 address within).
var (
	public6    = netip.MustParsePrefix("2000::/3")
	notPublic6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// isPublic says whether a is an address of the public internet. IPv4 within
// IPv6 (mapped, compatible, NAT64, 6to4, Teredo) never is, or is judged as IPv4.
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(a) }
	if a.Is4() {
		return !slices.ContainsFunc(notPublic4, in)
	}
	return public6.Contains(a) && !slices.ContainsFunc(notPublic6, in)
}

// dial connects to host:port. The check sits in Control, after DNS and before
// connect, so a name that answers differently the second time gains nothing.
func (f *Fetcher) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	if !f.allowed(hostport) {
		d.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return fmt.Errorf("%w: %s", errRefused, resolved)
			}
			if ap.Port() != 80 && ap.Port() != 443 {
				return fmt.Errorf("%w: port %d", errRefused, ap.Port())
			}
			if !isPublic(ap.Addr()) {
				return fmt.Errorf("%w: %s", errRefused, ap.Addr())
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, hostport)
}

func (f *Fetcher) allowed(hostport string) bool {
	return slices.ContainsFunc(f.Allow, func(a string) bool { return strings.EqualFold(a, hostport) })
}

package ipblock

import (
	"net/netip"
	"testing"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.7":                  "192.0.2.7/32 192.0.2.0/24",
		"::ffff:192.0.2.7":           "192.0.2.7/32 192.0.2.0/24",
		"2001:db8:1:2:3:4:5:6":       "2001:db8:1:2::/64 2001:db8:1::/48",
		"fe80::1:2:3:4%eth0":         "fe80::/64 fe80::/48",
		"2001:db8:ffff:ffff:ffff::1": "2001:db8:ffff:ffff::/64 2001:db8:ffff::/48",
	} {
		host, network := Of(netip.MustParseAddr(ip))
		if got := host.String() + " " + network.String(); got != want {
			t.Errorf("%s counts under %s, want %s", ip, got, want)
		}
	}
	if host, network := Of(netip.Addr{}); host.IsValid() || network.IsValid() {
		t.Errorf("no address counts under %s, %s", host, network)
	}
}

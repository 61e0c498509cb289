// Package ipblock says which IP addresses count as one where something is limited.
package ipblock

import "net/netip"

// Of returns what ip counts under. A host is an IPv4 address, behind which a
// whole newsroom or a carrier's NAT may sit, or the IPv6 /64 of a household; a
// network is an IPv4 /24 or the IPv6 /48 of a site (RFC 6177 section 2). An
// IPv4-mapped address counts as the IPv4 one. Both are invalid if ip is.
func Of(ip netip.Addr) (host, network netip.Prefix) {
	ip = ip.Unmap().WithZone("")
	small, large := 32, 24
	if ip.Is6() {
		small, large = 64, 48
	}
	host, _ = ip.Prefix(small) // fails for no address alone
	network, _ = ip.Prefix(large)
	return host, network
}

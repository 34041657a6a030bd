package files

import (
	"net/netip"
	"slices"
)

// reserved are ranges that netip does not count as private, and that are nobody's
// on the internet: this host, carrier-grade NAT, protocol assignments, the future,
// and IPv6's site-local addresses.
var reserved = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "240.0.0.0/4", "fec0::/10")

// Ranges of IPv6 that hold an IPv4 address, which is where a connection ends.
var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")             // RFC 6052; DNS64 answers with it where there is no IPv4
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")           // RFC 8215, a translator of one's own
	sixToFour  = netip.MustParsePrefix("2002::/16")                // RFC 3056
	teredo     = netip.MustParsePrefix("2001::/32")                // RFC 4380
	lastFour   = prefixes("::/96", "::ffff:0:0:0/96")              // RFC 4291 and 2765, both out of use
	isatap     = [][4]byte{{0, 0, 0x5e, 0xfe}, {2, 0, 0x5e, 0xfe}} // RFC 5214, before the IPv4 address
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, one := range list {
		all = append(all, netip.MustParsePrefix(one))
	}
	return all
}

func within(all []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// isPublic reports whether an address is on the internet, judged by the IPv4
// addresses inside it where there are any.
func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || within(reserved, ip) {
		return false
	}
	return !slices.ContainsFunc(inside(ip), func(v4 netip.Addr) bool { return !isPublic(v4) })
}

// inside returns the IPv4 addresses in one of IPv6; none when it is a plain one.
func inside(ip netip.Addr) []netip.Addr {
	if !ip.Is6() {
		return nil
	}
	b := ip.As16()
	four := func(n ...int) netip.Addr { return netip.AddrFrom4([4]byte{b[n[0]], b[n[1]], b[n[2]], b[n[3]]}) }
	last := four(12, 13, 14, 15)
	zero := func(from int) bool { return !slices.ContainsFunc(b[from:], func(x byte) bool { return x != 0 }) }
	switch {
	case nat64Local.Contains(ip) && zero(11): // the prefix may be of any of RFC 6052's lengths
		return []netip.Addr{four(6, 7, 9, 10)}
	case nat64Local.Contains(ip) && zero(12):
		return []netip.Addr{four(7, 9, 10, 11)}
	case nat64Local.Contains(ip) && zero(13):
		return []netip.Addr{four(9, 10, 11, 12)}
	case nat64.Contains(ip), nat64Local.Contains(ip), within(lastFour, ip), slices.Contains(isatap, [4]byte(b[8:12])):
		return []netip.Addr{last}
	case sixToFour.Contains(ip):
		return []netip.Addr{four(2, 3, 4, 5)}
	case teredo.Contains(ip): // the server's, and the client's with every bit turned
		return []netip.Addr{four(4, 5, 6, 7), netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	}
	return nil
}

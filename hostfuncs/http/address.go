package http

import "net/netip"

// notPublic says of an address that is none of the public internet what it is, for instance "loopback", and "" of one that is. It errs on the careful
// side: what no registry gives out as global unicast is not public, and an address that carries an IPv4 address is what that one is.
func notPublic(a netip.Addr) string {
	if !a.IsValid() {
		return "invalid"
	}
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		return notPublic(netip.AddrFrom4([4]byte(b[12:])))
	}
	for _, r := range setAside {
		if r.block.Contains(a) {
			return r.kind
		}
	}
	if a.Is6() && !globalUnicast.Contains(a) {
		return "unassigned"
	}
	return ""
}

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")     // RFC 4291: all that IANA gives out
	nat64         = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
)

// setAside are the blocks of the IANA special-purpose registries that are not globally reachable, and what else leads into somebody's own network.
// The first that contains an address names it.
var setAside = []struct {
	block netip.Prefix
	kind  string
}{
	{netip.MustParsePrefix("0.0.0.0/32"), "unspecified"},             // RFC 1122
	{netip.MustParsePrefix("0.0.0.0/8"), "this-network"},             // RFC 791
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},                 // RFC 1918
	{netip.MustParsePrefix("100.64.0.0/10"), "shared (carrier NAT)"}, // RFC 6598
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},               // RFC 1122
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud platform"},    // Azure's own services for a machine
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},          // RFC 3927; 169.254.169.254 tells a machine's credentials
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},              // RFC 1918
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol"},              // RFC 6890
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},         // RFC 5737
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},          // RFC 7526
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},             // RFC 1918
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmark"},            // RFC 2544
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},      // RFC 5737
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},       // RFC 5737
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},              // RFC 5771
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},       // RFC 919
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},               // RFC 1112
	{netip.MustParsePrefix("::/128"), "unspecified"},                 // RFC 4291
	{netip.MustParsePrefix("::1/128"), "loopback"},                   // RFC 4291
	{netip.MustParsePrefix("::/96"), "IPv4-compatible"},              // RFC 4291, deprecated
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated"},    // RFC 2765
	{netip.MustParsePrefix("64:ff9b:1::/48"), "local translation"},   // RFC 8215
	{netip.MustParsePrefix("100::/64"), "discard"},                   // RFC 6666
	{netip.MustParsePrefix("100:0:0:1::/64"), "discard"},             // RFC 9780
	{netip.MustParsePrefix("2001::/32"), "Teredo"},                   // RFC 4380
	{netip.MustParsePrefix("2001::/23"), "protocol"},                 // RFC 2928; benchmark and ORCHID blocks too
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},        // RFC 3849
	{netip.MustParsePrefix("2002::/16"), "6to4"},                     // RFC 3056
	{netip.MustParsePrefix("3fff::/20"), "documentation"},            // RFC 9637
	{netip.MustParsePrefix("5f00::/16"), "segment routing"},          // RFC 9602
	{netip.MustParsePrefix("fc00::/7"), "private"},                   // RFC 4193
	{netip.MustParsePrefix("fe80::/10"), "link-local"},               // RFC 4291
	{netip.MustParsePrefix("fec0::/10"), "site-local"},               // RFC 3879
	{netip.MustParsePrefix("ff00::/8"), "multicast"},                 // RFC 4291
}

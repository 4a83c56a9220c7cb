package policies

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// NormalHost brings a host name or address, without port, into the one form that rules are compared with: lower case, punycode, no dot at the end,
// addresses as netip writes them (an IPv4 address inside an IPv6 one as IPv4). It refuses what is neither a name nor an address.
func NormalHost(host string) (string, error) {
	if len(host) > 512 {
		return "", errors.New("it is longer than a host name may be")
	}
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return "", errors.New("an address with a zone is not supported")
		}
		return a.Unmap().String(), nil
	}
	plain := true
	for i := range len(host) {
		plain = plain && host[i] < 0x80
	}
	if !plain {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", errors.New("it cannot be written in punycode")
		}
		host = ascii
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || len(host) > 253 {
		return "", errors.New("it is no host name")
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 {
			return "", errors.New("it has a part that is empty or too long")
		}
		for i := range len(label) {
			c := label[i]
			if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return "", fmt.Errorf("it has the character %q", c)
			}
		}
	}
	// The last part of a name is never a number: such a text is an address in an old spelling (127.1, 0x7f.1), which some resolvers accept.
	last := host[strings.LastIndexByte(host, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || strings.HasPrefix(last, "0x") || strings.Trim(last, "0123456789") == "" {
		return "", errors.New("it is an address in a spelling that is not supported; write it in full, such as 192.0.2.1")
	}
	return host, nil
}

// PublicAddress reports whether an address is one of the public internet: not loopback, private, link-local, multicast, unspecified, shared or
// otherwise set aside. The http tool asks it for every address that it would connect to.
func PublicAddress(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, block := range notPublic {
		if block.Contains(a) {
			return false
		}
	}
	// An IPv4 address inside one of IPv6's translation prefixes leads to that IPv4 address.
	b := a.As16()
	switch {
	case !a.Is6():
	case nat64.Contains(a):
		return PublicAddress(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToFour.Contains(a):
		return PublicAddress(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return true
}

// Blocks of the IANA special-purpose registries that netip does not know about.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"),
}

var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

// NormalPath brings the path of a URL, as it would be sent, into the form that rules are compared with: it begins with a slash, escapes of
// characters that need none are undone (%61 is a), the others have capital digits, and bytes that need one get one; so does *, which is a sign in
// patterns. A path that some server could read as leading through "." or ".." is refused, in whatever spelling.
func NormalPath(path string) (string, error) { return normalPath(path, false) }

func normalPath(path string, pattern bool) (string, error) {
	if path == "" {
		return "/", nil
	}
	if path[0] != '/' {
		return "", errors.New("it does not begin with a slash")
	}
	var b strings.Builder
	changed := false
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]):
			v := unhex(path[i+1])<<4 | unhex(path[i+2])
			if v == 0 {
				return "", errors.New("it has an escaped NUL byte")
			}
			was := path[i : i+3]
			if i += 2; unreserved(v) {
				b.WriteByte(v)
				changed = true
				continue
			}
			escaped := escape(v)
			changed = changed || escaped != was
			b.WriteString(escaped)
		case c == '%':
			return "", errors.New("it has a % that begins no escape")
		case c == 0 || c == '?' || c == '#':
			return "", fmt.Errorf("it has the character %q", c)
		case unreserved(c) || strings.IndexByte("/!$&'()+,;=:@", c) >= 0 || c == '*' && pattern:
			b.WriteByte(c)
		default:
			b.WriteString(escape(c))
			changed = true
		}
	}
	normal := path
	if changed {
		normal = b.String()
	}
	for segment := range strings.SplitSeq(plainPath(normal), "/") {
		// Some servers cut a segment at a semicolon before they look at it.
		if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
			return "", errors.New(`it leads through "." or ".."; send it resolved`)
		}
	}
	return normal, nil
}

// plainPath is the other reading of a normal path: escaped slashes and backslashes are slashes, also when they are escaped twice, and repeated
// slashes are one. Forbids have to hold for both readings, because servers differ.
func plainPath(path string) string {
	if strings.IndexByte(path, '%') >= 0 {
		path = twice.Replace(path)
		path = once.Replace(path)
	}
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

var (
	twice = strings.NewReplacer("%252F", "/", "%252f", "/", "%255C", "/", "%255c", "/", "%252E", ".", "%252e", ".")
	once  = strings.NewReplacer("%2F", "/", "%5C", "/")
)

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

func escape(c byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{'%', digits[c>>4], digits[c&15]})
}

// hostPattern is the host of a NetworkGrant, read: exactly one of name, suffix, address block and any.
type hostPattern struct {
	any    bool         // *
	name   string       // api.example.com, or an address
	suffix string       // example.com of *.example.com
	block  netip.Prefix // 10.0.0.0/8
	port   int          // 0 for the scheme's own
}

// String writes the pattern in normal form, without port.
func (h hostPattern) String() string {
	switch {
	case h.any:
		return "*"
	case h.suffix != "":
		return "*." + h.suffix
	case h.block.IsValid():
		return h.block.String()
	}
	return h.name
}

// parseHost reads what a document says about a host.
func parseHost(text string) (h hostPattern, hint string, err error) {
	fail := func(hint, format string, args ...any) (hostPattern, string, error) {
		return hostPattern{}, hint, fmt.Errorf(format, args...)
	}
	host := text
	if strings.Contains(host, "://") {
		return fail("name the host alone, and the scheme under schemes", "%q is a URL, not a host", shorten(text, 60))
	}
	if p, err := netip.ParsePrefix(host); err == nil {
		if p.Addr().Is4In6() {
			return fail("write the IPv4 block", "%q mixes IPv4 and IPv6", shorten(text, 60))
		}
		if p != p.Masked() {
			return fail("did you mean "+p.Masked().String()+"?", "%q has bits set beyond its prefix", shorten(text, 60))
		}
		return hostPattern{block: p}, "", nil
	}
	if strings.Contains(host, "/") {
		return fail("name the host alone, and the path under paths", "%q has a slash", shorten(text, 60))
	}
	if _, err := netip.ParseAddr(host); err != nil {
		if i := strings.LastIndexByte(host, ':'); i >= 0 {
			port, err := strconv.ParseUint(host[i+1:], 10, 16)
			if err != nil || port == 0 {
				return fail("a port is 1 to 65535; an IPv6 address with a port is written [::1]:8080", "%q has no port after the colon", shorten(text, 60))
			}
			h.port, host = int(port), host[:i]
		}
	}
	switch {
	case host == "*":
		h.any = true
		return h, "", nil
	case strings.HasPrefix(host, "*."):
		name, err := NormalHost(host[2:])
		if err != nil {
			return fail("write it like *.example.com", "%q is no host: %s", shorten(text, 60), err)
		}
		if _, err := netip.ParseAddr(name); err == nil {
			return fail("write a CIDR block such as 10.0.0.0/8", "%q is neither a name nor an address", shorten(text, 60))
		}
		h.suffix = name
		return h, "", nil
	case strings.Contains(host, "*"):
		return fail("a * stands for whole labels at the beginning: *.example.com", "%q has a * inside a label", shorten(text, 60))
	}
	name, err := NormalHost(host)
	if err != nil {
		return fail("write it like api.example.com or 192.0.2.1", "%q is no host: %s", shorten(text, 60), err)
	}
	h.name = name
	return h, "", nil
}

// normalPattern brings a path pattern into the form that normal paths have. A * stays one.
func normalPattern(pattern string) (string, error) {
	if pattern == "*" {
		return "/*", nil
	}
	if !strings.HasPrefix(pattern, "/") {
		return "", errors.New("it does not begin with a slash")
	}
	if strings.ContainsAny(pattern, "?#") {
		return "", errors.New("it has a query or fragment; rules see the query as context.query")
	}
	return normalPath(pattern, true)
}

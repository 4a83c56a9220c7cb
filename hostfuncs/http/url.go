package http

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"wand/hostfuncs"
	"wand/policies"
)

// target is a URL in the one form that the policy is asked about, that is connected to, and that is sent.
type target struct {
	scheme string // http or https
	host   string // as policies.NormalHost writes it
	addr   netip.Addr
	port   int
	path   string // as policies.NormalPath writes it
	query  string // without the question mark
	asks   bool   // there is a question mark
}

// maxURL bounds a URL, in bytes.
const maxURL = 16 << 10

// parseURL reads a URL strictly: what two programs read in two ways is refused, or brought into a form that all read in one.
func parseURL(text string) (target, error) {
	text = strings.Trim(text, " ")
	if err := checkURL(text); err != nil {
		return target{}, err
	}
	scheme, rest, ok := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	if !ok || !isScheme(scheme) {
		return target{}, wrongURL(text, "has no scheme", "begin it with https://")
	}
	if scheme != "http" && scheme != "https" {
		hint := "this tool speaks http and https"
		if scheme == "file" {
			hint = "open files with the language's own functions"
		}
		if !strings.HasPrefix(rest, "//") && strings.Contains(scheme, ".") || scheme == "localhost" {
			hint = "begin it with https://"
		}
		return target{}, wrongURL(text, "has the scheme "+clip(scheme, 20), hint)
	}
	if !strings.HasPrefix(rest, "//") {
		return target{}, wrongURL(text, "has no host", "write "+scheme+"://HOST/PATH")
	}
	rest = rest[2:]
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	t := target{scheme: scheme}
	if err := t.authority(text, rest[:end]); err != nil {
		return target{}, err
	}
	return t, t.rest(text, rest[end:])
}

// checkURL refuses what no part of a URL may have.
func checkURL(text string) error {
	if len(text) > maxURL {
		return wrongURL(text, fmt.Sprintf("has %d bytes; at most %d are taken", len(text), maxURL), "send data in the body")
	}
	path := true
	for i := range len(text) {
		switch c := text[i]; {
		case c == '?' || c == '#':
			path = false
		case c < 0x20 || c == 0x7f:
			return wrongURL(text, fmt.Sprintf("has a control character (%#02x)", c), "percent-encode the parts that you put into it")
		case c == '\\' && path: // some read it as a slash
			return wrongURL(text, "has a backslash", "write / between parts of a path, and %5C for a backslash in one")
		}
	}
	return nil
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// authority reads HOST, HOST:PORT or [ADDRESS]:PORT.
func (t *target) authority(text, authority string) error {
	if strings.Contains(authority, "@") {
		return wrongURL(text, "has a user name or password in front of its host", "leave it out: the policy sets credentials for a host under secrets")
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i+1:]
	}
	bracketed := strings.HasPrefix(host, "[")
	if host == "" {
		return wrongURL(text, "has no host", "write "+t.scheme+"://HOST/PATH")
	}
	if bracketed != strings.Contains(host, ":") || bracketed != strings.HasSuffix(host, "]") {
		return wrongURL(text, "has a host with a colon or bracket in the wrong place", "write an IPv6 address as [2001:db8::1]")
	}
	if !utf8.ValidString(host) {
		return wrongURL(text, "has a host that is no UTF-8", "write the name in full, without escapes")
	}
	var err error
	if t.host, err = policies.NormalHost(host); err != nil {
		return wrongURL(text, "has a host that cannot be used: "+err.Error(), "write the name or the address in full, without escapes")
	}
	t.addr, _ = netip.ParseAddr(t.host)
	t.port = map[string]int{"http": 80, "https": 443}[t.scheme]
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return wrongURL(text, "has the port "+strconv.Quote(clip(port, 20)), "a port is a number from 1 to 65535")
		}
		t.port = int(n)
	}
	return nil
}

// rest reads PATH?QUERY#FRAGMENT; the fragment is dropped.
func (t *target) rest(text, rest string) error {
	rest, _, _ = strings.Cut(rest, "#")
	path, query, asks := strings.Cut(rest, "?")
	var err error
	if t.path, err = policies.NormalPath(withoutDots(escapePercent(path))); err != nil {
		return wrongURL(text, "has a path that cannot be sent: "+err.Error(), "write the path in full")
	}
	t.query, t.asks = escapeQuery(query), asks
	return nil
}

// withoutDots resolves the segments . and .. in any spelling (RFC 3986, 5.2.4).
func withoutDots(path string) string {
	if !strings.Contains(path, ".") && !strings.Contains(path, "%") {
		return path
	}
	segments := strings.Split(path, "/")
	kept := segments[:0]
	for i, s := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ReplaceAll(s, "%2e", "."), "%2E", ".") {
		case ".":
			if last {
				kept = append(kept, "")
			}
		case "..":
			if len(kept) > 1 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, "/")
}

// escapePercent escapes each % that begins no escape.
func escapePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && !(i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

// escapeQuery escapes what cannot stand in a query, and leaves alone what can.
func escapeQuery(s string) string {
	s = escapePercent(s)
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>#\\", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// resolve is where a Location header of t leads.
func (t target) resolve(location string) (target, error) {
	location = strings.Trim(location, " ")
	if err := checkURL(location); err != nil {
		return target{}, err
	}
	if i := strings.IndexAny(location, ":/?#"); i > 0 && location[i] == ':' {
		return parseURL(location)
	}
	switch {
	case strings.HasPrefix(location, "//"):
		return parseURL(t.scheme + ":" + location)
	case location == "" || location[0] == '#':
		return t, nil
	case location[0] == '?':
		location = t.path + location
	case location[0] != '/':
		location = t.path[:strings.LastIndexByte(t.path, '/')+1] + location
	}
	next := t
	return next, next.rest(location, location)
}

// authority is host and port as the Host header has them: the scheme's own port is left out.
func (t target) hostPort() string {
	if t.port == 80 && t.scheme == "http" || t.port == 443 && t.scheme == "https" {
		if t.addr.Is6() {
			return "[" + t.host + "]"
		}
		return t.host
	}
	return net.JoinHostPort(t.host, strconv.Itoa(t.port))
}

// requestURI is what stands in the request line.
func (t target) requestURI() string {
	if t.asks {
		return t.path + "?" + t.query
	}
	return t.path
}

// String is the whole URL.
func (t target) String() string { return t.scheme + "://" + t.hostPort() + t.requestURI() }

// url is t as net/http sends it, byte for byte.
func (t target) url() (*url.URL, error) {
	path, err := url.PathUnescape(t.path)
	if err != nil {
		return nil, err
	}
	u := &url.URL{Scheme: t.scheme, Host: t.hostPort(), Path: path, RawPath: t.path, RawQuery: t.query, ForceQuery: t.asks}
	if u.RequestURI() != t.requestURI() {
		return nil, fmt.Errorf("the path %s cannot be sent as it is", clip(t.path, 200))
	}
	return u, nil
}

// sameOrigin says that credentials for one are for the other too.
func (t target) sameOrigin(o target) bool {
	return t.scheme == o.scheme && t.host == o.host && t.port == o.port
}

func wrongURL(text, what, hint string) error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: fmt.Sprintf("http: the URL %s %s", strconv.Quote(clip(text, 200)), what), Hint: hint}
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

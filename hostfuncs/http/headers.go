package http

import (
	"errors"
	"fmt"
	"maps"
	nethttp "net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"wand/hostfuncs"
	"wand/policies"
)

// field is one header line.
type field struct{ name, value string }

// What a program may send without a grant: it says how the answer should look, and gives no authority.
var harmless = []string{
	"Accept", "Accept-Charset", "Accept-Language", "Cache-Control", "Content-Encoding", "Content-Language", "Content-Type", "Pragma", "Range",
	"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "User-Agent", "X-Requested-With",
}

// What is the host's to set: libraries send these by themselves, and the host's own take their place.
var replaced = []string{"Accept-Encoding", "Connection", "Content-Length", "Keep-Alive", "Te", "Upgrade-Insecure-Requests"}

// What no policy can grant: it decides where a request goes or where it ends.
var never = []string{"Expect", "Host", "Http2-Settings", "Trailer", "Transfer-Encoding", "Upgrade", "Via"}

// What a redirect to another host never takes along.
var credentials = []string{"Authorization", "Cookie", "Cookie2", "Origin", "Referer"}

const (
	maxHeaders = 100
	maxHeader  = 16 << 10 // bytes of all header lines
)

// checkHeaders brings the program's headers into their form, and refuses what cannot be sent at all. t is where they go.
func checkHeaders(fields []field, t target) ([]field, error) {
	var kept []field
	size := 0
	for _, f := range fields {
		name := textproto.CanonicalMIMEHeaderKey(f.name)
		value := strings.Trim(f.value, " \t")
		size += len(name) + len(value)
		switch {
		case !isToken(name):
			return nil, wrongHeader(f.name, "is no header name", "a name has letters, digits and -")
		case strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }):
			return nil, wrongHeader(f.name, "has a line break or another control character in its value", "send one line of text")
		case name == "Host" && strings.EqualFold(value, t.hostPort()), slices.Contains(replaced, name):
			continue
		case slices.Contains(never, name) || strings.HasPrefix(name, "Proxy-"):
			return nil, &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: fmt.Sprintf("http: a program cannot set the header %s", name), Hint: "leave it out: it follows from the URL and the body"}
		}
		kept = append(kept, field{name, value})
	}
	if len(kept) > maxHeaders || size > maxHeader {
		return nil, &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: fmt.Sprintf("http: %d headers of %d bytes; at most %d of %d bytes are sent", len(kept), size, maxHeaders, maxHeader), Hint: "send data in the body"}
	}
	return kept, nil
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

// egress is the header of a request to t: what the program set and grant lets it, and what grant itself sets. moved says that a redirect led
// here: then what the grant does not allow is left out rather than refused.
func egress(fields []field, u *url.URL, t target, grant *policies.NetworkGrant, secrets *hostfuncs.Secrets, session *Session, moved bool) (nethttp.Header, error) {
	h := nethttp.Header{}
	sets := map[string]string{}
	for name, template := range grant.Secrets {
		sets[textproto.CanonicalMIMEHeaderKey(name)] = template
	}
	for _, f := range fields {
		if _, ours := sets[f.name]; ours {
			continue // the grant's own value takes its place
		}
		granted := slices.ContainsFunc(grant.Headers, func(g string) bool { return strings.EqualFold(g, f.name) })
		cookie, known := "", slices.Contains(harmless, f.name)
		if f.name == "Cookie" {
			cookie, known = session.knows(u, f.value)
		}
		if !granted && !known {
			if moved {
				continue
			}
			if f.name == "Cookie" {
				return nil, &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: fmt.Sprintf("http: the policy does not let a program send the cookie %s to %s, which has not set it in this run", clip(cookie, 60), t.host), Hint: "leave it out, or have the policy name Cookie under headers for this host"}
			}
			hint := "leave it out, or have the policy name it under headers for this host"
			if len(grant.Headers) > 0 {
				hint += "; it names " + strings.Join(grant.Headers, ", ")
			}
			return nil, &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: fmt.Sprintf("http: the policy does not let a program set the header %s for %s", f.name, t.host), Hint: hint}
		}
		for _, template := range sets {
			names, _ := policies.SecretNames(template)
			for _, name := range names {
				if strings.Contains(f.value, "${"+name+"}") {
					return nil, &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: fmt.Sprintf("http: the header %s cannot carry the secret %s", f.name, name), Hint: "leave it out: the policy itself sets " + strings.Join(slices.Sorted(maps.Keys(sets)), ", ") + " for " + t.host}
				}
			}
		}
		h[f.name] = append(h[f.name], f.value)
	}
	for name, template := range sets {
		value, err := policies.ExpandSecrets(template, func(secret string) (string, error) {
			v, ok := secrets.Reveal(secret)
			if !ok {
				return "", fmt.Errorf("the secret %s has no value", secret)
			}
			return v, nil
		})
		if err == nil && strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			err = errors.New("it has a control character")
		}
		if err != nil {
			return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: the header %s for %s cannot be set: %s", name, t.host, err), Hint: "whoever runs the program has to set its secret"}
		}
		h[name] = []string{value}
	}
	return h, nil
}

func wrongHeader(name, what, hint string) error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: fmt.Sprintf("http: the header %q %s", clip(name, 60), what), Hint: hint}
}

package http

import (
	"net/netip"
	"strings"
	"testing"

	"wand/policies"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"http://example.com", "http://example.com/"},
		{"HTTPS://EXAMPLE.com:443/", "https://example.com/"},
		{"http://example.com:443/", "http://example.com:443/"},
		{"http://example.com:/", "http://example.com/"},
		{"http://example.com:00080/", "http://example.com/"},
		{"http://example.com.", "http://example.com/"},
		{"http://example.com?a=b", "http://example.com/?a=b"},
		{"http://example.com?", "http://example.com/?"},
		{"http://example.com#frag", "http://example.com/"},
		{"http://example.com/#@evil/", "http://example.com/"},
		{"http://example.com/?u=http://a@b\\c", "http://example.com/?u=http://a@b%5Cc"},
		{"http://example.com/a/../../b", "http://example.com/b"},
		{"http://example.com/a/%2e%2E/b/%2e", "http://example.com/b/"},
		{"http://example.com/a/..", "http://example.com/"},
		{"http://example.com/...", "http://example.com/..."},
		{"http://example.com/%7Euser/%61%2f%zz", "http://example.com/~user/a%2F%25zz"},
		{"http://example.com/caf\u00e9 x", "http://example.com/caf%C3%A9%20x"},
		{"http://example.com/a//b", "http://example.com/a//b"},
		{"http://example.com//evil.com/", "http://example.com//evil.com/"},
		{"http://example.com/?q=caf\u00e9&p=100%&x=%41", "http://example.com/?q=caf%C3%A9&p=100%25&x=%41"},
		{"http://b\u00fccher.example/", "http://xn--bcher-kva.example/"},
		{"http://\uff45xample.com/", "http://example.com/"},
		{"http://my_service:8080/", "http://my_service:8080/"},
		{"http://127.0.0.1/", "http://127.0.0.1/"},
		{"http://[::1]:8080/", "http://[::1]:8080/"},
		{"http://[0:0::1]/", "http://[::1]/"},
		{"https://[2001:DB8::1]:443/", "https://[2001:db8::1]/"},
		{"http://[::ffff:127.0.0.1]/", "http://127.0.0.1/"},
		{"http://[::ffff:7f00:1]/", "http://127.0.0.1/"},
	} {
		got, err := parseURL(c.in)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
		} else if got.String() != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
	for _, c := range []struct{ in, word string }{
		{"", "no scheme"},
		{"/path", "no scheme"},
		{"example.com/path", "no scheme"},
		{"example.com:8080/path", "begin it with https://"},
		{"localhost:8080", "begin it with https://"},
		{"//example.com/", "no scheme"},
		{"http:/example.com/", "no host"},
		{"http:example.com", "no host"},
		{"http:///path", "no host"},
		{"http://", "no host"},
		{"http://:80/", "no host"},
		{"http://?", "no host"},
		{"ftp://example.com/", "scheme ftp"},
		{"file:///etc/passwd", "open files"},
		{"javascript:alert(1)", "scheme javascript"},
		{"data:text/plain,x", "scheme data"},
		{"http+unix://x/", "scheme http+unix"},
		{"http://user@example.com/", "user name"},
		{"http://user:pw@example.com/", "user name"},
		{"http://granted.example@evil.example/", "user name"},
		{"http://granted.example%40evil.example/", "host"},
		{"http://granted.example\\@evil.example/", "backslash"},
		{"http:\\\\example.com/", "backslash"},
		{"http://example.com\\.evil/", "backslash"},
		{"http://example.com/a\tb", "control"},
		{"http://exam\nple.com/", "control"},
		{"http://example.com/\x00", "control"},
		{"\thttp://example.com/", "control"},
		{"http://example.com:0/", "port"},
		{"http://example.com:65536/", "port"},
		{"http://example.com:99999999999999999999/", "port"},
		{"http://example.com:-1/", "port"},
		{"http://example.com:+80/", "port"},
		{"http://example.com:80a/", "port"},
		{"http://example.com:80:80/", "colon"},
		{"http://::1/", "colon"},
		{"http://[::1/", "colon"},
		{"http://[::1]x/", "colon"},
		{"http://x[::1]/", "colon"},
		{"http://[example.com]/", "colon"},
		{"http://[fe80::1%25eth0]/", "host"},
		{"http://[fe80::1%eth0]/", "host"},
		{"http://0x7f.1/", "host"},
		{"http://2130706433/", "host"},
		{"http://127.1/", "host"},
		{"http://0177.0.0.1/", "host"},
		{"http://127.0.0.1.2/", "host"},
		{"http://127.0.0.0x1/", "host"},
		{"http://127.0.0.256/", "host"},
		{"http://\uff11\uff12\uff17.\uff11/", "host"},
		{"http://\u2460\u2461.1/", "host"},
		{"http://exa mple.com/", "host"},
		{"http://exam%70le.com/", "host"},
		{"http://a..b/", "host"},
		{"http://.example.com/", "host"},
		{"http://example.com../", "host"},
		{"http://*.example.com/", "host"},
		{"http://" + strings.Repeat("a", 64) + ".com/", "host"},
		{"http://" + strings.Repeat("a.", 200) + "com/", "host"},
		{"http://ex\u200dample\u202e.com/", "host"},
		{"http://a\xff.com/", "host"},
		{"http://example.com/..%2fetc", "path"},
		{"http://example.com/a/..;/b", "path"},
		{"http://example.com/a/%252e%252e/b", "path"},
		{"http://example.com/..%5c", "path"},
		{"http://example.com/%00", "path"},
		{"http://example.com/" + strings.Repeat("a", maxURL), "at most"},
	} {
		got, err := parseURL(c.in)
		if err == nil {
			t.Errorf("%q was read as %s", c.in, got)
		} else if e := asError(err); !strings.Contains(e.Message+" "+e.Hint, c.word) {
			t.Errorf("%q: %q (%s) says nothing of %q", c.in, e.Message, e.Hint, c.word)
		}
	}
}

// Whatever parseURL takes is sent exactly as it was understood, is in a form that stays as it is, and leads to the host and path that the policy is
// asked about.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"http://example.com/a/../b?c#d", "https://[::1]:80/%2e%2e/x", "http://b\u00fccher.example/\u00e9", "http://a@b/", "http://0x7f.1", "http://example.com//x;y/%2F", "http://a/%zz?%"} {
		f.Add(seed, "../x?y")
	}
	f.Fuzz(func(t *testing.T, text, location string) {
		a, err := parseURL(text)
		if err != nil {
			return
		}
		check := func(a target) {
			t.Helper()
			u, err := a.url()
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if u.RequestURI() != a.requestURI() || u.Host != a.hostPort() {
				t.Fatalf("%q: understood %s, sent %s %s", text, a, u.Host, u.RequestURI())
			}
			if u.Hostname() != a.host {
				t.Fatalf("%q: %s is sent to %s", text, a.host, u.Hostname())
			}
			q := ask(a, "GET", false, false, nil)
			if q.Resource.ID != u.Hostname() || q.Context["path"] != u.EscapedPath() {
				t.Fatalf("%q: asked for %s%v, sent %s", text, q.Resource.ID, q.Context["path"], u)
			}
			if normal, err := policies.NormalPath(a.path); err != nil || normal != a.path {
				t.Fatalf("%q: the path %s is not normal: %s, %v", text, a.path, normal, err)
			}
			for segment := range strings.SplitSeq(a.path, "/") {
				if segment == "." || segment == ".." {
					t.Fatalf("%q: %s", text, a.path)
				}
			}
			for _, c := range []byte(a.requestURI()) {
				if c <= ' ' || c >= 0x7f {
					t.Fatalf("%q: %q", text, a.requestURI())
				}
			}
			again, err := parseURL(a.String())
			if err != nil || again != a {
				t.Fatalf("%q: %s read again is %s, %v", text, a, again, err)
			}
			if addr, err := netip.ParseAddr(a.host); (err == nil) != a.addr.IsValid() || err == nil && addr != a.addr {
				t.Fatalf("%q: address %v of %s", text, a.addr, a.host)
			}
		}
		check(a)
		if b, err := a.resolve(location); err == nil {
			check(b)
		}
	})
}

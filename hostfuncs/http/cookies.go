package http

import (
	"context"
	nethttp "net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Session is what a run has of the web: the cookies that hosts gave it. A program may send those back without a grant, and no others, which could be
// somebody's login that it found in its data. The zero value is ready.
type Session struct {
	mu   sync.Mutex
	jar  *cookiejar.Jar
	size int
}

// maxCookies bounds what a Session remembers, in bytes of Set-Cookie headers. Beyond it cookies need a grant.
const maxCookies = 64 << 10

type sessionKey struct{}

// With puts the session of a run into the context of its calls. Without one every cookie needs a grant.
func With(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

func sessionOf(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// received remembers the cookies of a response.
func (s *Session) received(from *url.URL, r *nethttp.Response) {
	lines := r.Header.Values("Set-Cookie")
	if s == nil || len(lines) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jar == nil {
		s.jar, _ = cookiejar.New(nil) // fails never
	}
	for _, line := range lines {
		s.size += len(line)
	}
	if s.size <= maxCookies {
		s.jar.SetCookies(from, r.Cookies())
	}
}

// knows says that each cookie of a Cookie header was given to the run by the host that it goes to. cookie is one that was not.
func (s *Session) knows(to *url.URL, header string) (cookie string, ok bool) {
	var given []*nethttp.Cookie
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.jar != nil {
			given = s.jar.Cookies(to)
		}
	}
	for pair := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value = strings.Trim(value, `"`)
		if name != "" && !slices.ContainsFunc(given, func(c *nethttp.Cookie) bool { return c.Name == name && c.Value == value }) {
			return name, false
		}
	}
	return "", true
}

package mcp

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// remote is the way to a server over HTTP. Its headers, which may be keys, go to the configured host and to no other, whatever a redirect or the server
// itself says.
type remote struct {
	base       http.RoundTripper
	origin     *url.URL
	headers    http.Header
	version    *atomic.Pointer[string] // of the protocol, once agreed
	maxMessage int64
	large      atomic.Bool // an answer was larger than that
}

func newRemote(s Server, version *atomic.Pointer[string], maxMessage int64) (mcp.Transport, *remote, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, nil, errors.New("its url cannot be read")
	}
	r := &remote{base: http.DefaultTransport, origin: u, headers: http.Header{}, version: version, maxMessage: maxMessage}
	for k, v := range s.Headers {
		r.headers.Set(k, v)
	}
	client := &http.Client{Transport: r, CheckRedirect: func(q *http.Request, before []*http.Request) error {
		if len(before) > 5 {
			return errors.New("it redirects more than 5 times")
		}
		return r.check(q.URL)
	}}
	if s.Type == "sse" {
		return &mcp.SSEClientTransport{Endpoint: s.URL, HTTPClient: client, MaxEventSize: int(maxMessage)}, r, nil
	}
	// Without the stream of what a server says on its own: nothing that it could say is wanted.
	return &mcp.StreamableClientTransport{Endpoint: s.URL, HTTPClient: client, MaxEventSize: int(maxMessage), DisableStandaloneSSE: true, MaxRetries: 2}, r, nil
}

func (r *remote) check(u *url.URL) error {
	if u.Scheme != r.origin.Scheme || !strings.EqualFold(u.Host, r.origin.Host) {
		return fmt.Errorf("it points to another host, %s://%s; configure that address if it is right", u.Scheme, u.Host)
	}
	return nil
}

// RoundTrip implements http.RoundTripper.
func (r *remote) RoundTrip(q *http.Request) (*http.Response, error) {
	if err := r.check(q.URL); err != nil {
		return nil, err
	}
	q = q.Clone(q.Context())
	for k, v := range r.headers {
		if k == "Host" {
			q.Host = v[0]
		} else if q.Header.Get(k) == "" {
			q.Header[k] = v
		}
	}
	if v := r.version.Load(); v != nil && q.Header.Get("Mcp-Protocol-Version") == "" {
		q.Header.Set("Mcp-Protocol-Version", *v)
	}
	p, err := r.base.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	// The SDK bounds each event of a stream, and reads anything else to its end.
	if kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind != "text/event-stream" {
		p.Body = &bounded{ReadCloser: p.Body, left: r.maxMessage, remote: r}
	}
	return p, nil
}

type bounded struct {
	io.ReadCloser
	left   int64
	remote *remote
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		b.remote.large.Store(true)
		return 0, &tooLarge{most: b.remote.maxMessage}
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more, to see whether there is more
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}

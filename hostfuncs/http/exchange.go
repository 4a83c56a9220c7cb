package http

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	nethttp "net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"wand/hostfuncs"
	"wand/policies"
)

// hop is one request of a call: the first, or where a redirect leads.
type hop struct {
	client  *Client
	args    map[string]any // of the call, for rules to look at
	target  target
	method  string
	fields  []field // what the program set
	body    []byte
	grant   *policies.NetworkGrant
	secrets *hostfuncs.Secrets
	private bool   // the policy has allowed an address that is not public
	from    string // which host redirected here; "" for none
	timeout time.Duration
	follows bool // redirects; their bodies are not read
}

// response is the answer to one request, without secrets.
type response struct {
	status   int
	reason   string
	headers  [][2]string
	body     any    // string or tagged
	location string // where it redirects, as it was received
}

// What the network may send beside bodies.
const (
	maxAddresses      = 64 // of a name; others are not looked at
	maxDials          = 6  // addresses that are tried
	maxLookup         = 5 * time.Second
	maxResponseHeader = 256 << 10
)

// send makes the request and reads the answer.
func (h *hop) send(ctx context.Context) (*response, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(h.grant.Timeout))
	defer cancel()
	addresses, err := h.addresses(ctx)
	if err != nil {
		return nil, err
	}
	if int64(len(h.body)) > int64(h.grant.MaxRequest) {
		return nil, &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: fmt.Sprintf("http: the request's body has %d bytes; the policy lets %s have at most %d", len(h.body), h.target.host, h.grant.MaxRequest), Hint: "send less, or in several requests"}
	}
	request, err := h.request(ctx)
	if err != nil {
		return nil, err
	}
	transport, dialed := h.transport(addresses)
	defer transport.CloseIdleConnections()
	r, err := transport.RoundTrip(request)
	if err != nil {
		return nil, h.failed(ctx, err, dialed.Load())
	}
	defer r.Body.Close()
	sessionOf(ctx).received(request.URL, r)
	reason := strings.TrimSpace(strings.TrimPrefix(r.Status, strconv.Itoa(r.StatusCode)))
	answer := &response{status: r.StatusCode, reason: clip(h.secrets.RedactString(strings.ToValidUTF8(reason, "\uFFFD")), 200), headers: canonical(r.Header, h.secrets)}
	switch r.StatusCode {
	case 301, 302, 303, 307, 308:
		answer.location = r.Header.Get("Location")
	}
	if answer.location != "" && h.follows {
		return answer, nil
	}
	body, err := h.read(ctx, r)
	if err != nil {
		return nil, err
	}
	answer.body = present(h.secrets.Redact(body), r.Header.Get("Content-Type"))
	return answer, nil
}

// addresses are those that the connection may be made to: all that the name has, each of them public or allowed.
func (h *hop) addresses(ctx context.Context) ([]netip.Addr, error) {
	name := h.target.host
	list := []netip.Addr{h.target.addr}
	if !h.target.addr.IsValid() {
		lookup, cancel := context.WithTimeout(ctx, maxLookup)
		defer cancel()
		var err error
		list, err = h.client.config.Resolve(lookup, name)
		switch {
		case err != nil && lookup.Err() != nil:
			return nil, &hostfuncs.Error{Type: hostfuncs.TimeoutError, Message: fmt.Sprintf("http: the name %s could not be looked up in time", name), Hint: "try again later, or go on without it"}
		case err != nil || len(list) == 0:
			return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: there is no host named %s", name), Hint: "check how the name is spelled"}
		}
	}
	list = list[:min(len(list), maxAddresses)]
	for i, a := range list {
		list[i] = a.Unmap()
		kind := notPublic(a)
		if kind == "" || h.private {
			continue
		}
		d, err := hostfuncs.Authorize(ctx, ask(h.target, h.method, true, h.from != "", h.args))
		if err != nil {
			what := fmt.Sprintf("http: %s leads to an address that is not public (%s)", name, kind)
			if h.from != "" {
				what = fmt.Sprintf("http: %s redirects to %s, which leads to an address that is not public (%s)", h.from, name, kind)
			}
			if d.Allowed || d.Rule != "default" {
				return nil, because(err, what) // somebody said more than that no grant is there
			}
			return nil, &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: what + ", and no grant for " + name + " allows that", Hint: "use a public host, or have the policy say private: true where it grants this one"}
		}
		h.private = true
		h.grant = h.client.grantOf(d)
	}
	return list, nil
}

// resolve is the system's resolver. A name with a dot is looked up as it is, without the search list of the machine.
func resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	if strings.Contains(name, ".") {
		name += "."
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

func (h *hop) request(ctx context.Context) (*nethttp.Request, error) {
	u, err := h.target.url()
	if err != nil {
		return nil, wrong(err.Error(), "")
	}
	header, err := egress(h.fields, u, h.target, h.grant, h.secrets, sessionOf(ctx), h.from != "")
	if err != nil {
		return nil, err
	}
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", h.client.config.UserAgent)
	}
	if header.Get("Accept") == "" {
		header.Set("Accept", "*/*")
	}
	// Part of a compressed body is of no use.
	header.Set("Accept-Encoding", "gzip, deflate")
	if header.Get("Range") != "" {
		header.Set("Accept-Encoding", "identity")
	}
	r := &nethttp.Request{Method: h.method, URL: u, Host: u.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if len(h.body) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(h.body)), int64(len(h.body))
	}
	return r.WithContext(ctx), nil
}

// transport sends one request over one connection to one of the addresses, and to nothing else: no proxy of the environment, no connection from
// before. The certificate is checked for the name. dialed says afterwards whether there was a connection.
func (h *hop) transport(addresses []netip.Addr) (t *nethttp.Transport, dialed *atomic.Bool) {
	dialed = new(atomic.Bool)
	port := uint16(h.target.port)
	t = &nethttp.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := h.dial(ctx, addresses, port)
			dialed.Store(err == nil)
			return c, err
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: h.client.config.RootCAs, ServerName: h.target.host},
		TLSHandshakeTimeout:    time.Minute, // the request's own time is shorter
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
	return t, dialed
}

// dial tries one address after the other.
func (h *hop) dial(ctx context.Context, addresses []netip.Addr, port uint16) (c net.Conn, err error) {
	addresses = addresses[:min(len(addresses), maxDials)]
	for i, a := range addresses {
		one, cancel := ctx, context.CancelFunc(func() {})
		if at, ok := ctx.Deadline(); ok && i < len(addresses)-1 {
			one, cancel = context.WithTimeout(ctx, time.Until(at)/time.Duration(len(addresses)-i))
		}
		c, err = h.client.config.Dial(one, netip.AddrPortFrom(a, port))
		cancel()
		if err == nil || ctx.Err() != nil {
			return c, err
		}
	}
	return nil, err
}

// failed says why there was no answer, without what net says of this machine.
func (h *hop) failed(ctx context.Context, err error, dialed bool) error {
	place := h.target.hostPort()
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch text := err.Error(); {
	case ctx.Err() != nil && dialed:
		return h.late(ctx, fmt.Sprintf("http: %s did not answer within %v", place, h.timeout))
	case ctx.Err() != nil:
		return h.late(ctx, fmt.Sprintf("http: no connection to %s within %v", place, h.timeout))
	case !dialed:
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "http: nobody answers at " + place, Hint: "check host and port, or try again later"}
	case errors.As(err, &certificate):
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: the certificate of %s is not valid: %s", place, clip(certificate.Err.Error(), 300)), Hint: "certificates are always checked; use the name that it is for"}
	case errors.As(err, &record):
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: %s does not speak https on this port", place), Hint: "use http://, if the policy grants that"}
	case strings.Contains(text, "response headers exceeded"):
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: the headers of the response of %s have more than %d bytes", place, maxResponseHeader)}
	case strings.Contains(text, "malformed"):
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "http: the answer of " + place + " is not HTTP"}
	}
	return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "http: the connection to " + place + " broke before there was an answer", Hint: "try again, or go on without it"}
}

func (h *hop) late(ctx context.Context, message string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "http: the call was cancelled"}
	}
	return &hostfuncs.Error{Type: hostfuncs.TimeoutError, Message: message, Hint: "ask for less, give it more time if the policy has any to give, or go on without it"}
}

// read reads the body of a response, decompressed, within the grant's limit and what the Client may hold.
func (h *hop) read(ctx context.Context, r *nethttp.Response) ([]byte, error) {
	most := int64(h.grant.MaxResponse)
	large := &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: the body of the response of %s has more than %d bytes, the most that the policy allows", h.target.host, most), Hint: "ask for less at a time, by a query or a Range header"}
	if h.method != "HEAD" && r.ContentLength > most {
		return nil, large
	}
	// What is compressed is never much larger than what it stands for.
	wire := &io.LimitedReader{R: r.Body, N: most + most/8 + 64<<10}
	body, err := decoded(wire, r.Header.Values("Content-Encoding"), h.method == "HEAD" || r.StatusCode == 204 || r.StatusCode == 304)
	if err != nil {
		return nil, fmt.Errorf("http: the body of the response of %s cannot be read: %w", h.target.host, err)
	}
	var buffer []byte
	reserved := int64(0)
	defer func() { h.client.buffered.Add(-reserved) }()
	for {
		if len(buffer) == cap(buffer) {
			room := min(max(4<<10, 2*int64(cap(buffer))), most+1)
			if h.client.buffered.Add(room) > h.client.config.MaxBuffered {
				h.client.buffered.Add(-room)
				return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: the responses of all requests under way have more than %d bytes", h.client.config.MaxBuffered), Hint: "make fewer requests at the same time"}
			}
			reserved += room
			buffer = append(make([]byte, 0, room), buffer...)
		}
		n, err := body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case int64(len(buffer)) > most || wire.N <= 0:
			return nil, large
		case err == io.EOF:
			return buffer, nil
		case err != nil && ctx.Err() != nil:
			return nil, h.late(ctx, fmt.Sprintf("http: the body of the response of %s was not complete within %v; %d bytes came", h.target.host, h.timeout, len(buffer)))
		case err != nil:
			return nil, fmt.Errorf("http: the body of the response of %s broke off after %d bytes", h.target.host, len(buffer))
		}
	}
}

// decoded undoes the encodings of a body.
func decoded(body io.Reader, encodings []string, empty bool) (io.Reader, error) {
	var names []string
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(encodings, ",")), ",") {
		if name = strings.TrimSpace(name); name != "" && name != "identity" {
			names = append(names, name)
		}
	}
	if empty {
		return body, nil
	}
	if len(names) > 3 {
		return nil, fmt.Errorf("it is encoded %d times over", len(names))
	}
	for i := len(names) - 1; i >= 0; i-- {
		switch names[i] {
		case "gzip", "x-gzip":
			body = &lazy{from: body, open: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }}
		case "deflate":
			body = &lazy{from: body, open: inflate}
		default:
			return nil, fmt.Errorf("it has the encoding %q, which was not asked for", clip(names[i], 40))
		}
	}
	return body, nil
}

// inflate reads what servers call deflate: zlib, or without its frame.
func inflate(r io.Reader) (io.Reader, error) {
	head := make([]byte, 2)
	n, err := io.ReadFull(r, head)
	whole := io.MultiReader(bytes.NewReader(head[:n]), r)
	if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(whole)
	}
	return flate.NewReader(whole), nil
}

// lazy opens a decompressor at the first read. An empty body is empty whatever it says of its encoding.
type lazy struct {
	from   io.Reader
	open   func(io.Reader) (io.Reader, error)
	reader io.Reader
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.reader == nil {
		first := make([]byte, 1)
		if _, err := io.ReadFull(l.from, first); err != nil {
			return 0, err
		}
		r, err := l.open(io.MultiReader(bytes.NewReader(first), l.from))
		if err != nil {
			return 0, err
		}
		l.reader = r
	}
	return l.reader.Read(p)
}

// tagged is what hostfuncs.Bytes is in JSON, without the second look that encoding/json takes at what a MarshalJSON wrote.
type tagged struct {
	Type  string `json:"$type"`
	Value []byte `json:"value"`
}

// present is a body as the program gets it: text where it calls itself that, in UTF-8; bytes otherwise.
func present(body []byte, contentType string) any {
	if isText(contentType) && utf8.Valid(body) && bytes.IndexFunc(body, func(r rune) bool { return r < 0x20 && r != '\t' && r != '\n' && r != '\r' }) < 0 {
		return string(body)
	}
	if body == nil {
		body = []byte{}
	}
	return tagged{Type: "bytes", Value: body}
}

func isText(contentType string) bool {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	if charset := strings.ToLower(parameters["charset"]); charset != "" && charset != "utf-8" && charset != "utf8" && charset != "us-ascii" {
		return false
	}
	switch kind {
	case "application/json", "application/xml", "application/javascript", "application/x-javascript", "application/x-ndjson", "application/yaml",
		"application/x-yaml", "application/toml", "application/x-www-form-urlencoded", "application/graphql", "application/sql", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

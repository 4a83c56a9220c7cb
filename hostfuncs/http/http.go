// Package http is the tool "http": requests to the hosts that a policy grants, which requests, urllib.request and fetch of the guests go through too.
//
// The policy is asked before anything is looked up or sent, about the URL exactly as it will be sent; again about every hop of a redirect; and about a
// name that leads to an address that is not public. A connection is made only to an address that was checked. The headers that a grant sets carry
// secrets, which the program never sees: whatever comes back is searched for them first. A host that is granted a secret is trusted not to hand it out
// in disguise (encrypted, spelled backwards, a piece at a time).
//
// hostfuncs registers the tool; the package imports hostfuncs and policies.
package http

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	nethttp "net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"wand/hostfuncs"
	"wand/policies"
	"wand/policies/units"
)

// Config says how requests are made; the zero value is what runs use. What a request may do is the policy's to say.
type Config struct {
	// UserAgent is sent when the program sets none. Default "wand".
	UserAgent string
	// MaxRedirects is how many redirects one call follows at most. Default 10.
	MaxRedirects int
	// MaxBody bounds the body of a request and of a response in bytes, whatever a grant says. Default 64 MiB.
	MaxBody int64
	// MaxBuffered bounds the response bodies that all calls of the Client hold at a time, in bytes. Default 128 MiB.
	MaxBuffered int64
	// MaxTimeout bounds one call, whatever a grant says. Default 10 minutes.
	MaxTimeout time.Duration
	// RootCAs are whom certificates are checked against. Default: the system's.
	RootCAs *x509.CertPool
	// Resolve looks up a name, Dial connects to an address that was checked. Default: the system's; tests have others.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// Client makes requests for any number of runs at a time. It keeps no connection and no cookie from one call to the next.
type Client struct {
	config   Config
	buffered atomic.Int64
	closed   context.Context
	close    context.CancelFunc
}

// New returns a Client. Close ends it.
func New(config Config) *Client {
	if config.UserAgent == "" {
		config.UserAgent = "wand"
	}
	if config.MaxRedirects <= 0 {
		config.MaxRedirects = 10
	}
	if config.MaxBody <= 0 {
		config.MaxBody = 64 << 20
	}
	if config.MaxBuffered <= 0 {
		config.MaxBuffered = 128 << 20
	}
	if config.MaxTimeout <= 0 {
		config.MaxTimeout = 10 * time.Minute
	}
	if config.Resolve == nil {
		config.Resolve = resolve
	}
	if config.Dial == nil {
		config.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		}
	}
	c := &Client{config: config}
	c.closed, c.close = context.WithCancel(context.Background())
	return c
}

// Close ends the calls under way, and every later one at once.
func (c *Client) Close() error {
	c.close()
	return nil
}

const doc = `Sends one HTTP request and returns the response.

method is GET where it is not said. headers is an object, or a list of [name, value]. body is text or bytes. timeout is in seconds. redirects says
whether to follow redirects, or how many. The result has status, reason, url (of the last response), headers (a list of [name, value]), body (text,
or bytes where it is no text), history (the redirects) and elapsed_ms. A status of 400 and above is a result, not an error.`

const schema = `{
	"type": "object",
	"properties": {
		"url": {"type": "string", "description": "with scheme and host: https://api.example.com/v1/items?limit=5"},
		"method": {"type": ["string", "null"], "description": "default GET"},
		"headers": {"type": ["object", "array", "null"], "description": "an object, or a list of [name, value]"},
		"body": {"type": ["string", "object", "null"], "format": "text-or-bytes", "description": "text or bytes"},
		"timeout": {"type": ["number", "null"], "description": "seconds; the policy sets the most"},
		"redirects": {"type": ["boolean", "integer", "null"], "description": "follow redirects, or how many; default true"}
	},
	"required": ["url"],
	"additionalProperties": false
}`

// Tools returns the tool.
func (c *Client) Tools() []*hostfuncs.Definition {
	d := hostfuncs.Dynamic("http", doc, json.RawMessage(schema), c.call)
	d.Actions = []policies.Action{policies.ActionHTTP}
	d.Timeout = c.config.MaxTimeout
	// In JSON, base64 is 4/3 of the bytes; text with a line break in every other place is 3/2 of it.
	d.MaxArgs = c.config.MaxBody*2 + 1<<20
	d.MaxResult = c.config.MaxBody*2 + 1<<20
	d.EffectOf = func(args json.RawMessage) hostfuncs.Effect {
		r, err := read(args)
		if err != nil {
			return hostfuncs.Destructive
		}
		switch r.method {
		case "GET", "HEAD", "OPTIONS":
			return hostfuncs.ReadOnly
		case "PUT", "DELETE":
			return hostfuncs.Idempotent
		}
		return hostfuncs.Destructive
	}
	d.Requests = func(args json.RawMessage) ([]policies.Request, error) {
		r, err := read(args)
		if err != nil {
			return nil, err
		}
		return []policies.Request{ask(r.target, r.method, r.target.addr.IsValid() && notPublic(r.target.addr) != "", false, nil)}, nil
	}
	d.Preview = func(args json.RawMessage) string {
		r, err := read(args)
		if err != nil {
			return err.Error()
		}
		text := "would send " + r.method + " " + r.target.String()
		if len(r.body) > 0 {
			text += fmt.Sprintf(" with %d bytes", len(r.body))
		}
		return text
	}
	return []*hostfuncs.Definition{d}
}

// request is what a program asks for, read and checked.
type request struct {
	method    string
	target    target
	fields    []field
	body      []byte
	timeout   time.Duration // 0: not said
	redirects int           // -1: not said
}

func read(args json.RawMessage) (*request, error) {
	var in struct {
		Method    *string
		URL       string
		Headers   json.RawMessage
		Body      hostfuncs.Bytes
		Timeout   *float64
		Redirects any
	}
	if err := json.Unmarshal(args, &in); err != nil {
		return nil, wrong("the arguments do not fit: "+err.Error(), "")
	}
	r := &request{method: "GET", body: in.Body, redirects: -1}
	if in.Method != nil {
		r.method = strings.ToUpper(*in.Method)
	}
	if len(r.method) > 20 || strings.ContainsFunc(r.method, func(c rune) bool { return (c < 'A' || c > 'Z') && c != '-' }) || r.method == "" {
		return nil, wrong(fmt.Sprintf("%q is no HTTP method", clip(r.method, 40)), "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")
	}
	if r.method == "CONNECT" || r.method == "TRACE" {
		return nil, wrong("the method "+r.method+" is not supported", "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")
	}
	var err error
	if r.target, err = parseURL(in.URL); err != nil {
		return nil, err
	}
	if r.fields, err = readHeaders(in.Headers); err != nil {
		return nil, err
	}
	if r.fields, err = checkHeaders(r.fields, r.target); err != nil {
		return nil, err
	}
	if in.Timeout != nil {
		seconds := *in.Timeout
		if seconds <= 0 {
			return nil, wrong(fmt.Sprintf("the timeout is %v seconds", seconds), "give a number above 0, or leave it out")
		}
		r.timeout = time.Duration(math.Min(seconds, 24*3600) * float64(time.Second))
	}
	switch v := in.Redirects.(type) {
	case bool:
		if !v {
			r.redirects = 0
		}
	case float64:
		r.redirects = int(math.Max(0, math.Min(v, 1000)))
	}
	return r, nil
}

// readHeaders reads {"name": "value"}, where a list is several lines, or [["name", "value"]].
func readHeaders(text json.RawMessage) ([]field, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	var pairs [][]any
	if json.Unmarshal(text, &pairs) != nil {
		var object map[string]any
		if json.Unmarshal(text, &object) != nil {
			return nil, wrong("the headers are neither an object nor a list of [name, value]", `write {"Accept": "application/json"}`)
		}
		for name, v := range object {
			if list, ok := v.([]any); ok {
				for _, item := range list {
					pairs = append(pairs, []any{name, item})
				}
			} else {
				pairs = append(pairs, []any{name, v})
			}
		}
		slices.SortStableFunc(pairs, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	}
	var fields []field
	for _, p := range pairs {
		if len(p) != 2 {
			return nil, wrong("a header is not [name, value]", `write [["Accept", "application/json"]]`)
		}
		name, ok := p[0].(string)
		if !ok {
			return nil, wrong("a header's name is no text", "")
		}
		switch v := p[1].(type) {
		case nil: // requests leaves such a header out
		case string:
			fields = append(fields, field{name, v})
		case float64:
			number, _ := json.Marshal(v)
			fields = append(fields, field{name, string(number)})
		default:
			return nil, wrongHeader(name, "has a value that is no text", "turn it into text")
		}
	}
	return fields, nil
}

// ask is the question to the policy.
func ask(t target, method string, private, redirect bool, args any) policies.Request {
	q := policies.Request{
		Action: policies.ActionHTTP, Resource: policies.Resource{Type: policies.ResourceHost, ID: t.host},
		Context: map[string]any{"method": method, "scheme": t.scheme, "port": t.port, "path": t.path, "query": t.query, "private": private, "redirect": redirect},
	}
	if args != nil {
		q.Context["args"] = args
	}
	return q
}

// grantOf is what a decision rests on, with defaults filled in.
func (c *Client) grantOf(d policies.Decision) *policies.NetworkGrant {
	g := policies.NetworkGrant{}
	if given, ok := d.Grant.(*policies.NetworkGrant); ok && given != nil {
		g = *given
	}
	if g.MaxRequest <= 0 {
		g.MaxRequest = policies.DefaultMaxRequest
	}
	if g.MaxResponse <= 0 {
		g.MaxResponse = policies.DefaultMaxResponse
	}
	if g.Timeout <= 0 {
		g.Timeout = policies.DefaultTimeout
	}
	for _, k := range d.Terms {
		if k.Timeout > 0 {
			g.Timeout = min(g.Timeout, units.Duration(k.Timeout))
		}
	}
	g.MaxRequest = min(g.MaxRequest, units.Bytes(c.config.MaxBody))
	g.MaxResponse = min(g.MaxResponse, units.Bytes(c.config.MaxBody))
	return &g
}

// result is what the program gets.
type result struct {
	Status    int         `json:"status"`
	Reason    string      `json:"reason"`
	URL       string      `json:"url"`
	Headers   [][2]string `json:"headers"`
	Body      any         `json:"body"`
	History   []past      `json:"history"`
	ElapsedMS float64     `json:"elapsed_ms"`
}

// past is a response that redirected.
type past struct {
	Status  int         `json:"status"`
	URL     string      `json:"url"`
	Headers [][2]string `json:"headers"`
}

// call is one call of the tool: requests until one is not redirected.
func (c *Client) call(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
	start := time.Now()
	r, err := read(args)
	if err != nil {
		return nil, err
	}
	if c.closed.Err() != nil {
		return nil, errors.New("http: the run is over")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.closed, cancel)()
	decision := hostfuncs.DecisionOf(ctx)
	h := &hop{client: c, target: r.target, method: r.method, fields: r.fields, body: r.body, grant: c.grantOf(decision), secrets: hostfuncs.SecretsOf(ctx), follows: r.redirects != 0}
	h.private = h.target.addr.IsValid() && notPublic(h.target.addr) != "" // the gate has asked for that
	h.timeout = time.Duration(h.grant.Timeout)
	if r.timeout > 0 {
		h.timeout = min(h.timeout, r.timeout)
	}
	limit := h.timeout
	if at, ok := ctx.Deadline(); ok {
		// Before the gate's own time is up: its message says less.
		left := time.Until(at)
		limit = min(limit, left-min(left/20, 50*time.Millisecond))
	}
	ctx, cancelTime := context.WithTimeout(ctx, limit)
	defer cancelTime()
	if err := json.Unmarshal(args, &h.args); err != nil {
		return nil, err
	}

	most := c.config.MaxRedirects
	if r.redirects >= 0 {
		most = min(most, r.redirects)
	}
	history := []past{}
	for {
		response, err := h.send(ctx)
		if err != nil {
			return nil, err
		}
		if response.location == "" || !h.follows {
			return encode(result{
				Status: response.status, Reason: response.reason, URL: h.secrets.RedactString(h.target.String()), Headers: response.headers, Body: response.body,
				History: history, ElapsedMS: float64(time.Since(start).Microseconds()) / 1000,
			})
		}
		if len(history) == most {
			return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("http: more than %d redirects, the last from %s", most, clip(h.secrets.RedactString(h.target.String()), 200)), Hint: "call with redirects=False and look where each response leads"}
		}
		history = append(history, past{Status: response.status, URL: h.secrets.RedactString(h.target.String()), Headers: response.headers})
		if err := h.follow(ctx, response); err != nil {
			return nil, err
		}
	}
}

// follow turns h into the request that a redirect asks for, if the policy allows that one too.
func (h *hop) follow(ctx context.Context, response *response) error {
	from := clip(h.target.scheme+"://"+h.target.hostPort(), 200)
	next, err := h.target.resolve(response.location)
	if err != nil {
		var e *hostfuncs.Error
		errors.As(err, &e)
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "http: " + from + " redirects to what cannot be followed: " + strings.TrimPrefix(e.Message, "http: "), Hint: "call with redirects=False and look at the Location header"}
	}
	if h.secrets.RedactString(next.String()) != next.String() || h.secrets.RedactString(response.location) != response.location {
		return &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: fmt.Sprintf("http: %s redirects to %s with a secret in the URL, which is not followed", from, next.host), Hint: "call with redirects=False"}
	}
	if !next.sameOrigin(h.target) {
		h.fields = slices.DeleteFunc(slices.Clone(h.fields), func(f field) bool { return slices.Contains(credentials, f.name) })
	}
	// As browsers do (Fetch standard, HTTP-redirect fetch).
	if (response.status == 301 || response.status == 302) && h.method == "POST" || response.status == 303 && h.method != "GET" && h.method != "HEAD" {
		h.method, h.body = "GET", nil
		h.fields = slices.DeleteFunc(slices.Clone(h.fields), func(f field) bool { return strings.HasPrefix(f.name, "Content-") })
	}
	private := next.addr.IsValid() && notPublic(next.addr) != ""
	decision, err := hostfuncs.Authorize(ctx, ask(next, h.method, private, true, h.args))
	if err != nil {
		what := ""
		switch {
		case private:
			what = ", an address that is not public (" + notPublic(next.addr) + ")"
		case h.target.scheme == "https" && next.scheme == "http":
			what = ", without encryption"
		}
		return because(err, fmt.Sprintf("http: %s redirects to %s%s", from, clip(h.secrets.RedactString(next.String()), 300), what))
	}
	h.target, h.private, h.from = next, private, from
	h.grant = h.client.grantOf(decision)
	h.timeout = min(h.timeout, time.Duration(h.grant.Timeout))
	return nil
}

// because puts what the program did in front of why it was refused.
func because(err error, what string) error {
	var e *hostfuncs.Error
	if !errors.As(err, &e) {
		return err
	}
	return &hostfuncs.Error{Type: e.Type, Message: what + ": " + e.Message, Hint: e.Hint}
}

func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func wrong(message, hint string) error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: "http: " + message, Hint: hint}
}

func canonical(h nethttp.Header, secrets *hostfuncs.Secrets) [][2]string {
	list := [][2]string{}
	for name, values := range h {
		for _, v := range values {
			list = append(list, [2]string{secrets.RedactString(name), secrets.RedactString(strings.ToValidUTF8(v, "\uFFFD"))})
		}
	}
	slices.SortStableFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return list
}

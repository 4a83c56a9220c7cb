package http_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/http"
	"wand/policies"
	"wand/policies/units"
)

// rules allows what one of its grants does, and remembers what it was asked.
type rules struct {
	grants []policies.NetworkGrant
	mu     sync.Mutex
	asked  []policies.Request
}

func (r *rules) Decide(q policies.Request) policies.Decision {
	r.mu.Lock()
	r.asked = append(r.asked, q)
	r.mu.Unlock()
	has := func(list []string, v any, standard ...string) bool {
		if len(list) == 0 {
			list = standard
		}
		return slices.Contains(list, v.(string))
	}
	for i := range r.grants {
		g := &r.grants[i]
		switch {
		case g.Host != q.Resource.ID || q.Action != "http":
		case !has(g.Methods, q.Context["method"], "GET", "HEAD"), !has(g.Schemes, q.Context["scheme"], "https"):
		case g.Port != 0 && g.Port != q.Context["port"]:
		case q.Context["private"] == true && !g.Private:
		case len(g.Paths) > 0 && !slices.ContainsFunc(g.Paths, func(p string) bool {
			return strings.HasPrefix(q.Context["path"].(string), strings.TrimSuffix(p, "*"))
		}):
		default:
			rule := fmt.Sprintf("network[%d]", i)
			return policies.Decision{Allowed: true, Rule: rule, Grant: g, Terms: []policies.Terms{{Rule: rule, MaxCalls: int(g.MaxCalls)}}}
		}
	}
	return policies.Decision{Rule: "default", Reason: "no grant allows " + q.Context["method"].(string) + " of " + q.Resource.ID + q.Context["path"].(string)}
}

// world is a server on loopback under any number of names, and a run that may reach some of them.
type world struct {
	t       *testing.T
	server  *httptest.Server
	conns   atomic.Int64
	lookups atomic.Int64
	names   map[string][]netip.Addr // what the resolver says
	client  *http.Client
	policy  *rules
	decider policies.Decider // instead of policy
	secrets *hostfuncs.Secrets
	session *http.Session
	port    int
	dialed  sync.Map
}

var (
	loopback = netip.MustParseAddr("127.0.0.1")
	public   = netip.MustParseAddr("93.184.215.14")
)

// newWorld starts a server. The names map to public addresses unless the test says otherwise, and a connection to a public address reaches the server.
func newWorld(t *testing.T, config http.Config, handler nethttp.HandlerFunc, grants ...policies.NetworkGrant) *world {
	t.Helper()
	w := &world{t: t, names: map[string][]netip.Addr{}, policy: &rules{grants: grants}}
	w.server = httptest.NewUnstartedServer(handler)
	w.server.Config.ConnState = func(_ net.Conn, s nethttp.ConnState) {
		if s == nethttp.StateNew {
			w.conns.Add(1)
		}
	}
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.server.Start()
	t.Cleanup(w.server.Close)
	w.use(config)
	return w
}

func (w *world) use(config http.Config) {
	w.port = w.server.Listener.Addr().(*net.TCPAddr).Port
	if config.Resolve == nil {
		config.Resolve = func(_ context.Context, name string) ([]netip.Addr, error) {
			w.lookups.Add(1)
			if list, ok := w.names[name]; ok {
				return list, nil
			}
			return []netip.Addr{public}, nil
		}
	}
	if config.Dial == nil {
		config.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			w.dialed.Store(to.Addr().String(), true)
			return (&net.Dialer{}).DialContext(ctx, "tcp", w.server.Listener.Addr().String())
		}
	}
	w.client = http.New(config)
	w.t.Cleanup(func() { w.client.Close() })
}

func (w *world) gate() *hostfuncs.Gate {
	w.t.Helper()
	registry, err := hostfuncs.NewRegistry(w.client.Tools()...)
	if err != nil {
		w.t.Fatal(err)
	}
	var policy policies.Decider = w.policy
	if w.decider != nil {
		policy = w.decider
	}
	g := hostfuncs.NewGate(hostfuncs.GateOptions{Tools: registry, Policy: policy, Secrets: w.secrets, Values: func(ctx context.Context) context.Context { return http.With(ctx, w.session) }})
	w.t.Cleanup(g.Close)
	return g
}

type answer struct {
	Status  int
	Reason  string
	URL     string
	Headers [][2]string
	Body    hostfuncs.Bytes
	History []struct {
		Status  int
		URL     string
		Headers [][2]string
	}
	raw string
}

func (a *answer) header(name string) string {
	for _, h := range a.Headers {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

func (w *world) do(args map[string]any) (*answer, *hostfuncs.Error) {
	w.t.Helper()
	text, _ := json.Marshal(args)
	return w.doIn(context.Background(), w.gate(), string(text))
}

func (w *world) doIn(ctx context.Context, g *hostfuncs.Gate, args string) (*answer, *hostfuncs.Error) {
	w.t.Helper()
	p := g.Start(ctx, "http", []byte(args))
	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		w.t.Fatal("the call hangs")
	}
	result, problem, fatal := p.Outcome()
	if fatal != nil {
		w.t.Fatal(fatal)
	}
	if problem != nil {
		if strings.Contains(problem.Message+problem.Hint, "127.0.0.1:") && !strings.Contains(args, "127.0.0.1") {
			w.t.Errorf("the error names an address of this machine: %s", problem.Message)
		}
		return nil, problem
	}
	a := &answer{raw: string(result)}
	if err := json.Unmarshal(result, a); err != nil {
		w.t.Fatalf("%v in %s", err, result)
	}
	return a, nil
}

func (w *world) get(url string) (*answer, *hostfuncs.Error) {
	w.t.Helper()
	return w.do(map[string]any{"url": url})
}

// granted is a grant for plain http at a name.
func granted(host string) policies.NetworkGrant {
	return policies.NetworkGrant{Host: host, Schemes: []string{"http", "https"}}
}

func refused(t *testing.T, err *hostfuncs.Error, kind string, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was allowed")
	}
	if err.Type != kind {
		t.Errorf("type %s, want %s: %s", err.Type, kind, err.Message)
	}
	for _, word := range words {
		if !strings.Contains(err.Message+" "+err.Hint, word) {
			t.Errorf("%q says nothing of %q", err.Message+" ("+err.Hint+")", word)
		}
	}
}

func hello(w nethttp.ResponseWriter, r *nethttp.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.RequestURI, body)
}

func TestRequest(t *testing.T) {
	g := granted("api.example.com")
	g.Methods = []string{"GET", "POST", "HEAD", "PROPFIND"}
	w := newWorld(t, http.Config{}, hello, g)
	for _, c := range []struct {
		args map[string]any
		want string
	}{
		{map[string]any{"url": "http://api.example.com"}, "GET api.example.com / "},
		{map[string]any{"url": " HTTP://API.Example.COM.:80/a/./b/../c?q=a b#part "}, "GET api.example.com /a/c?q=a%20b "},
		{map[string]any{"url": "http://api.example.com:8080/x", "method": "post", "body": "é"}, "POST api.example.com:8080 /x é"},
		{map[string]any{"url": "http://api.example.com/x", "method": "POST", "body": map[string]any{"$type": "bytes", "value": "YWJj"}}, "POST api.example.com /x abc"},
		{map[string]any{"url": "http://api.example.com/x", "method": "PROPFIND", "body": nil, "headers": nil, "timeout": nil, "redirects": nil}, "PROPFIND api.example.com /x "},
		{map[string]any{"url": "http://api.example.com/x", "method": "HEAD"}, ""},
	} {
		a, err := w.do(c.args)
		if err != nil {
			t.Errorf("%v: %s", c.args, err.Message)
			continue
		}
		if a.Status != 200 || a.Reason != "OK" || string(a.Body) != c.want {
			t.Errorf("%v: %d %s %q", c.args, a.Status, a.Reason, a.Body)
		}
	}
	if _, dialed := w.dialed.Load(public.String()); !dialed {
		t.Error("it was not the address of the lookup that was connected to")
	}
	a, err := w.get("http://api.example.com/bytes")
	if err != nil || !strings.Contains(a.raw, `"body":"GET`) || !strings.Contains(a.raw, `"history":[]`) {
		t.Errorf("%v %v", a, err)
	}
}

// No packet leaves for a call that the policy refuses: the server counts its connections, and nothing is looked up.
func TestRefusedBeforeAnythingIsSent(t *testing.T) {
	g := granted("api.example.com")
	g.Paths, g.Schemes = []string{"/v1/*"}, []string{"http"}
	w := newWorld(t, http.Config{}, hello, g)
	for _, args := range []map[string]any{
		{"url": "http://other.example.com/v1/a"},
		{"url": "http://api.example.com/v2/a"},
		{"url": "http://api.example.com/v1/../v2"},
		{"url": "http://api.example.com/v1/%2e%2E/v2"},
		{"url": "http://api.example.com/v1/a", "method": "POST"},
		{"url": "https://api.example.com/v1/a"},
		{"url": "http://127.0.0.1/v1/a"},
		{"url": "http://[::ffff:127.0.0.1]/v1/a"},
	} {
		_, err := w.do(args)
		refused(t, err, hostfuncs.PermissionError, "no grant allows")
	}
	if n, l := w.conns.Load(), w.lookups.Load(); n != 0 || l != 0 {
		t.Errorf("%d connections and %d lookups for refused calls", n, l)
	}
	if _, err := w.get("http://api.example.com/v1/a"); err != nil || w.conns.Load() != 1 {
		t.Errorf("the granted call: %v, %d connections", err, w.conns.Load())
	}
}

// A name that leads to an address of this machine or its network, whatever the policy says of the name.
func TestPrivateAddresses(t *testing.T) {
	w := newWorld(t, http.Config{}, hello, granted("name.example.com"))
	for _, a := range []string{"127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:192.168.0.1", "64:ff9b::a00:1", "fe80::1%eth0", "0.0.0.0", "fd00:ec2::254"} {
		// One bad address among good ones is enough.
		w.names["name.example.com"] = []netip.Addr{public, netip.MustParseAddr(a)}
		_, err := w.get("http://name.example.com/")
		refused(t, err, hostfuncs.PermissionError, "name.example.com", "not public")
		if strings.Contains(err.Message, a) {
			t.Errorf("the message tells what the name resolves to: %s", err.Message)
		}
	}
	if n := w.conns.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	// Granted, it works, and the journal shows the second question.
	w.policy.grants[0].Private = true
	gate := w.gate()
	if _, err := w.doIn(context.Background(), gate, `{"url":"http://name.example.com/"}`); err != nil {
		t.Fatal(err.Message)
	}
	if calls := gate.Calls(); len(calls[0].Checks) != 1 || calls[0].Decision != hostfuncs.DecisionAllowed {
		t.Errorf("%+v", calls)
	}
	// The address itself.
	w.policy.grants = append(w.policy.grants, granted("127.0.0.1"))
	_, err := w.get("http://127.0.0.1/")
	refused(t, err, hostfuncs.PermissionError)
	w.policy.grants[1].Private = true
	if _, err := w.get("http://127.0.0.1/"); err != nil {
		t.Fatal(err.Message)
	}
}

// A name whose address changes after it was checked: the connection goes to the one that was checked, and a redirect checks again.
func TestRebinding(t *testing.T) {
	var answers atomic.Int64
	w := newWorld(t, http.Config{}, nil, granted("rebind.example.com"))
	w.server.Config.Handler = nethttp.HandlerFunc(func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		nethttp.Redirect(rw, r, "/again", nethttp.StatusFound)
	})
	w.use(http.Config{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		if answers.Add(1) == 1 {
			return []netip.Addr{public}, nil
		}
		return []netip.Addr{loopback}, nil
	}})
	_, err := w.get("http://rebind.example.com/")
	refused(t, err, hostfuncs.PermissionError, "not public (loopback)")
	if n := w.conns.Load(); n != 1 {
		t.Errorf("%d connections, want the first alone", n)
	}
	if _, bad := w.dialed.Load("127.0.0.1"); bad || answers.Load() != 2 {
		t.Errorf("connected to the second answer of %d", answers.Load())
	}
}

func TestRedirects(t *testing.T) {
	first, second := granted("first.example.com"), granted("second.example.com")
	first.Methods = []string{"GET", "POST"}
	second.Methods = []string{"GET", "PUT"}
	second.Schemes = []string{"http"}
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			status, _ := strconv.Atoi(r.URL.Query().Get("status"))
			rw.Header().Set("Location", to)
			rw.WriteHeader(max(status, 302))
			if status == 308 {
				rw.Write(make([]byte, 11<<20)) // more than a body may have: it is not read
			}
			return
		}
		fmt.Fprintf(rw, "type=%s ", r.Header.Get("Content-Type"))
		hello(rw, r)
	}, first, second)
	send := func(method, to string, status int) (*answer, *hostfuncs.Error) {
		t.Helper()
		args := map[string]any{"url": fmt.Sprintf("http://first.example.com/a/b?status=%d&to=%s", status, strings.NewReplacer("&", "%26", "#", "%23", "%", "%25").Replace(to)), "method": method}
		if method == "POST" {
			args["body"], args["headers"] = "data", map[string]any{"Content-Type": "text/x"}
		}
		return w.do(args)
	}
	for _, c := range []struct {
		method, to string
		status     int
		want       string
	}{
		{"GET", "/x?y#z", 302, "type= GET first.example.com /x?y "},
		{"GET", "x", 302, "type= GET first.example.com /a/x "},
		{"GET", "../../x", 302, "type= GET first.example.com /x "},
		{"GET", "?q", 302, "type= GET first.example.com /a/b?q "},
		{"GET", "//second.example.com/x", 302, "type= GET second.example.com /x "},
		{"GET", "http://second.example.com:81", 302, "type= GET second.example.com:81 / "},
		{"POST", "/x", 302, "type= GET first.example.com /x "},
		{"POST", "/x", 303, "type= GET first.example.com /x "},
		{"POST", "/x", 307, "type=text/x POST first.example.com /x data"},
		{"POST", "/x", 308, "type=text/x POST first.example.com /x data"},
	} {
		a, err := send(c.method, c.to, c.status)
		if err != nil {
			t.Errorf("%v: %s", c, err.Message)
			continue
		}
		if string(a.Body) != c.want || len(a.History) != 1 || a.History[0].Status != c.status {
			t.Errorf("%v: %q, history %v", c, a.Body, a.History)
		}
	}
	for _, c := range []struct {
		method, to string
		status     int
		kind, word string
	}{
		{"GET", "http://third.example.com/", 302, hostfuncs.PermissionError, "redirects to http://third.example.com/: no grant"},
		{"POST", "http://second.example.com/", 307, hostfuncs.PermissionError, "no grant allows POST"},
		{"GET", "http://127.0.0.1:22/", 302, hostfuncs.PermissionError, "not public (loopback)"},
		{"GET", "http://[fe80::1]/", 302, hostfuncs.PermissionError, "not public (link-local)"},
		{"GET", "https://second.example.com/", 302, hostfuncs.PermissionError, "no grant allows"},
		{"GET", "file:///etc/passwd", 302, hostfuncs.ToolError, "scheme file"},
		{"GET", "http://user:pw@second.example.com/", 302, hostfuncs.ToolError, "user name"},
		{"GET", `http:\\second.example.com`, 302, hostfuncs.ToolError, "backslash"},
	} {
		before := w.conns.Load()
		_, err := send(c.method, c.to, c.status)
		refused(t, err, c.kind, c.word)
		if n := w.conns.Load() - before; n != 1 {
			t.Errorf("%s: %d connections", c.to, n)
		}
	}
	a, err := w.do(map[string]any{"url": "http://first.example.com/?to=/x", "redirects": false})
	if err != nil || a.Status != 302 || a.header("Location") != "/x" {
		t.Errorf("%v %v", a, err)
	}
	_, err = w.do(map[string]any{"url": "http://first.example.com/?to=/%3Fto=/x", "redirects": 1})
	refused(t, err, hostfuncs.ToolError, "more than 1 redirects")
	w.server.Config.Handler = nethttp.RedirectHandler("/loop", nethttp.StatusFound)
	_, err = w.get("http://first.example.com/loop")
	refused(t, err, hostfuncs.ToolError, "more than 10 redirects")
}

func TestHTTPSToHTTP(t *testing.T) {
	g := granted("secure.example.com")
	g.Schemes = []string{"https"}
	w := newWorld(t, http.Config{}, hello, g)
	tls := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/down" {
			nethttp.Redirect(rw, r, "http://secure.example.com/", nethttp.StatusMovedPermanently)
			return
		}
		hello(rw, r)
	}))
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	roots := x509.NewCertPool()
	roots.AddCert(tls.Certificate())
	dial := func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", tls.Listener.Addr().String())
	}
	// httptest has a certificate for this name.
	if err := tls.Certificate().VerifyHostname("example.com"); err != nil {
		t.Fatal(err)
	}
	w.policy.grants = append(w.policy.grants, granted("example.com"), granted("wrong.test"))
	w.use(http.Config{RootCAs: roots, Dial: dial})
	a, err := w.get("https://example.com/x")
	if err != nil || string(a.Body) != "GET example.com /x " {
		t.Fatal(a, err)
	}
	_, err = w.get("https://wrong.test/x")
	refused(t, err, hostfuncs.ToolError, "certificate of wrong.test is not valid")
	w.policy.grants[1].Schemes = []string{"https"}
	w.policy.grants[1].Host = "example.com"
	_, err = w.get("https://example.com/down")
	refused(t, err, hostfuncs.PermissionError, "redirects to http://secure.example.com/, without encryption")
	w.use(http.Config{Dial: dial})
	_, err = w.get("https://example.com/x")
	refused(t, err, hostfuncs.ToolError, "certificate of example.com is not valid")
	w.use(http.Config{})
	_, err = w.get("https://example.com/x")
	refused(t, err, hostfuncs.ToolError, "does not speak https")
}

const secretValue = "s3cr3t/+value=42"

func TestSecrets(t *testing.T) {
	var seen sync.Map
	g, other := granted("api.example.com"), granted("other.example.com")
	g.Secrets = map[string]string{"authorization": "Bearer ${API_TOKEN}"}
	g.Headers = []string{"X-Mine"}
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		seen.Store(r.Host+r.URL.Path, r.Header.Clone())
		token := r.Header.Get("Authorization")
		rw.Header().Set("X-Echo", token)
		body := "you sent " + token
		switch r.URL.Path {
		case "/away":
			nethttp.Redirect(rw, r, "http://other.example.com/landed", nethttp.StatusFound)
		case "/back":
			nethttp.Redirect(rw, r, "http://api.example.com/landed", nethttp.StatusFound)
		case "/tell":
			nethttp.Redirect(rw, r, "http://other.example.com/?t="+strings.TrimPrefix(token, "Bearer "), nethttp.StatusFound)
		case "/gzip":
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			io.WriteString(z, body)
			z.Close()
		case "/deflate":
			rw.Header().Set("Content-Encoding", "deflate")
			z, _ := flate.NewWriter(rw, 5)
			io.WriteString(z, body)
			z.Close()
		case "/base64":
			io.WriteString(rw, base64.StdEncoding.EncodeToString([]byte(body)))
		case "/hex":
			io.WriteString(rw, hex.EncodeToString([]byte(body)))
		case "/json":
			rw.Header().Set("Content-Type", "application/json")
			json.NewEncoder(rw).Encode(map[string]string{"token": token})
		case "/br":
			rw.Header().Set("Content-Encoding", "br")
			io.WriteString(rw, body)
		default:
			rw.Header().Set("Content-Type", "application/octet-stream")
			io.WriteString(rw, body)
		}
	}, g, other)
	var err error
	if w.secrets, err = hostfuncs.NewSecrets(map[string]string{"API_TOKEN": secretValue}); err != nil {
		t.Fatal(err)
	}
	clean := func(text string) {
		t.Helper()
		forms := []string{secretValue, `s3cr3t\/+value`, "s3cr3t%2F", hex.EncodeToString([]byte(secretValue)), base64.StdEncoding.EncodeToString([]byte(secretValue))[:16]}
		var a answer
		if json.Unmarshal([]byte(text), &a) == nil {
			decoded, _ := base64.StdEncoding.DecodeString(string(a.Body))
			text += string(a.Body) + string(decoded)
		}
		for _, form := range forms {
			if strings.Contains(text, form) {
				t.Errorf("the secret is in %s", text)
			}
		}
	}
	header := func(at string) nethttp.Header {
		h, _ := seen.Load(at)
		if h == nil {
			t.Fatalf("nothing came to %s", at)
		}
		return h.(nethttp.Header)
	}
	gate := w.gate()
	for _, path := range []string{"/", "/gzip", "/deflate", "/base64", "/hex", "/json"} {
		a, problem := w.doIn(context.Background(), gate, `{"url":"http://api.example.com`+path+`"}`)
		if problem != nil {
			t.Fatalf("%s: %s", path, problem.Message)
		}
		clean(a.raw)
		if !strings.Contains(a.raw, "[secret API_TOKEN]") {
			t.Errorf("%s: nothing was replaced in %s", path, a.raw)
		}
		if got := header("api.example.com" + path).Get("Authorization"); got != "Bearer "+secretValue {
			t.Errorf("%s: the server saw %q", path, got)
		}
	}
	if journal, _ := json.Marshal(gate.Calls()); true {
		clean(string(journal))
	}
	_, problem := w.get("http://api.example.com/br")
	refused(t, problem, hostfuncs.ToolError, `encoding "br"`)

	// A redirect takes no secret along, brings it back where it is granted, and none in the URL.
	a, problem := w.do(map[string]any{"url": "http://api.example.com/away", "headers": map[string]any{"X-Mine": "1", "Accept": "a/b"}})
	if problem != nil {
		t.Fatal(problem.Message)
	}
	clean(a.raw)
	if h := header("other.example.com/landed"); h.Get("Authorization") != "" || h.Get("X-Mine") != "" || h.Get("Accept") != "a/b" {
		t.Errorf("went along: %v", h)
	}
	if _, problem = w.get("http://other.example.com/back"); problem != nil {
		t.Fatal(problem.Message)
	}
	if h := header("api.example.com/landed"); h.Get("Authorization") != "Bearer "+secretValue {
		t.Errorf("the secret was not set after the redirect: %v", h)
	}
	_, problem = w.get("http://api.example.com/tell")
	refused(t, problem, hostfuncs.PermissionError, "with a secret in the URL")
	clean(problem.Message)

	// The program cannot replace the header, nor send the secret in another one.
	if _, problem = w.do(map[string]any{"url": "http://api.example.com/mine", "headers": [][]string{{"AUTHORIZATION", "Bearer None"}}}); problem != nil {
		t.Fatal(problem.Message)
	}
	if h := header("api.example.com/mine"); len(h["Authorization"]) != 1 || h.Get("Authorization") != "Bearer "+secretValue {
		t.Errorf("%v", h)
	}
	_, problem = w.do(map[string]any{"url": "http://api.example.com/", "headers": map[string]any{"X-Mine": "${API_TOKEN}"}})
	refused(t, problem, hostfuncs.PermissionError, "X-Mine cannot carry the secret API_TOKEN")

	w.secrets, _ = hostfuncs.NewSecrets(map[string]string{"OTHER": "something"})
	_, problem = w.get("http://api.example.com/")
	refused(t, problem, hostfuncs.ToolError, "API_TOKEN has no value")
	w.secrets, _ = hostfuncs.NewSecrets(map[string]string{"API_TOKEN": "line\r\nX-Injected: 1"})
	_, problem = w.get("http://api.example.com/")
	refused(t, problem, hostfuncs.ToolError, "Authorization")
	if strings.Contains(problem.Message, "Injected") {
		t.Error(problem.Message)
	}
}

func TestHeaders(t *testing.T) {
	g := granted("api.example.com")
	g.Headers = []string{"x-request-id", "Host", "Transfer-Encoding"}
	var seen atomic.Value
	w := newWorld(t, http.Config{UserAgent: "wand"}, func(_ nethttp.ResponseWriter, r *nethttp.Request) { seen.Store(r) }, g)
	send := func(name string, value any) (*nethttp.Request, *hostfuncs.Error) {
		_, err := w.do(map[string]any{"url": "http://api.example.com/", "headers": map[string]any{name: value}})
		if err != nil {
			return nil, err
		}
		return seen.Load().(*nethttp.Request), nil
	}
	for name, value := range map[string]any{
		"accept": "text/html", "Accept-Language": "de", "content-type": "x/y", "user-agent": "me", "IF-NONE-MATCH": `"a"`, "Range": "bytes=0-1", "X-Requested-With": "x",
		"X-Request-ID": "7", "Cache-Control": "no-cache", "if-modified-since": "now",
	} {
		r, err := send(name, value)
		if err != nil {
			t.Errorf("%s: %s", name, err.Message)
		} else if r.Header.Get(name) != value {
			t.Errorf("%s: the server saw %q", name, r.Header.Get(name))
		}
	}
	// What libraries send by themselves changes nothing.
	for name, value := range map[string]any{"Connection": "keep-alive", "Content-Length": "99", "Accept-Encoding": "br", "Host": "api.example.com", "TE": "trailers", "X-Nothing": nil} {
		r, err := send(name, value)
		if err != nil {
			t.Errorf("%s: %s", name, err.Message)
		} else if r.Header.Get("Accept-Encoding") != "gzip, deflate" || r.ContentLength != 0 || r.Host != "api.example.com" || r.Header.Get("User-Agent") != "wand" || r.Header.Get("Te") != "" {
			t.Errorf("%s: the server saw %v", name, r.Header)
		}
	}
	if r, err := send("X-Request-Id", 7); err != nil || r.Header.Get("X-Request-Id") != "7" {
		t.Errorf("a number: %v", err)
	}
	if r, err := send("Accept", []string{"a/b", "c/d"}); err != nil || len(r.Header["Accept"]) != 2 {
		t.Errorf("two lines: %v", err)
	}
	before := w.conns.Load()
	for _, c := range []struct {
		name  string
		value any
		kind  string
		word  string
	}{
		{"Authorization", "Bearer x", hostfuncs.PermissionError, "it names x-request-id"},
		{"Cookie", "a=b", hostfuncs.PermissionError, "Cookie"},
		{"X-HTTP-Method-Override", "DELETE", hostfuncs.PermissionError, "Method-Override"},
		{"X-Forwarded-For", "127.0.0.1", hostfuncs.PermissionError, "X-Forwarded-For"},
		{"Host", "evil.example.com", hostfuncs.PermissionError, "cannot set the header Host"},
		{"Transfer-Encoding", "chunked", hostfuncs.PermissionError, "Transfer-Encoding"},
		{"Proxy-Authorization", "x", hostfuncs.PermissionError, "Proxy-Authorization"},
		{"Upgrade", "websocket", hostfuncs.PermissionError, "Upgrade"},
		{"Expect", "100-continue", hostfuncs.PermissionError, "Expect"},
		{"Accept", "a\r\nHost: evil", hostfuncs.ArgumentError, "line break"},
		{"Accept", "a\x00", hostfuncs.ArgumentError, "control character"},
		{"Acc ept", "a", hostfuncs.ArgumentError, "no header name"},
		{"Accept:", "a", hostfuncs.ArgumentError, "no header name"},
		{"Accept\r\nX", "a", hostfuncs.ArgumentError, "no header name"},
		{"", "a", hostfuncs.ArgumentError, "no header name"},
		{"Accept", map[string]any{}, hostfuncs.ArgumentError, "no text"},
		{"Accept", strings.Repeat("a", 20000), hostfuncs.ArgumentError, "at most"},
	} {
		_, err := send(c.name, c.value)
		refused(t, err, c.kind, c.word)
	}
	if n := w.conns.Load() - before; n != 0 {
		t.Errorf("%d connections for refused headers", n)
	}
}

// A program may send back the cookies that a host gave it in this run, and no others.
func TestCookies(t *testing.T) {
	flood := false
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/login" {
			nethttp.SetCookie(rw, &nethttp.Cookie{Name: "id", Value: "7"})
			nethttp.SetCookie(rw, &nethttp.Cookie{Name: "deep", Value: "8", Path: "/deep"})
			if flood {
				for i := range 1000 {
					nethttp.SetCookie(rw, &nethttp.Cookie{Name: fmt.Sprint("c", i), Value: strings.Repeat("x", 100)})
				}
			}
		}
		io.WriteString(rw, r.Header.Get("Cookie"))
	}, granted("api.example.com"), granted("other.example.com"))
	send := func(url, cookie string) (*answer, *hostfuncs.Error) {
		return w.do(map[string]any{"url": url, "headers": map[string]any{"Cookie": cookie}})
	}
	for range 2 { // without a session, then with one
		_, err := send("http://api.example.com/", "id=7")
		refused(t, err, hostfuncs.PermissionError, "the cookie id to api.example.com")
		if _, err := w.get("http://api.example.com/login"); err != nil {
			t.Fatal(err.Message)
		}
		if w.session == nil {
			w.session = &http.Session{}
			continue
		}
		if a, err := send("http://api.example.com/", "id=7"); err != nil || string(a.Body) != "id=7" {
			t.Errorf("%v %v", a, err)
		}
		if a, err := send("http://api.example.com/deep/x", "id=7; deep=8"); err != nil || string(a.Body) != "id=7; deep=8" {
			t.Errorf("%v %v", a, err)
		}
	}
	for url, cookie := range map[string]string{"http://api.example.com/": "deep=8", "http://api.example.com/a": "id=8", "http://other.example.com/": "id=7", "http://api.example.com/b": "id=7; admin=1"} {
		_, err := send(url, cookie)
		refused(t, err, hostfuncs.PermissionError, "cookie")
	}
	flood, w.session = true, &http.Session{}
	if _, err := w.get("http://api.example.com/login"); err != nil {
		t.Fatal(err.Message)
	}
	_, err := send("http://api.example.com/", "id=7")
	refused(t, err, hostfuncs.PermissionError, "cookie")
	w.policy.grants[0].Headers = []string{"Cookie"}
	if _, err := send("http://api.example.com/", "any=thing"); err != nil {
		t.Error(err.Message)
	}
}

func TestBodyLimits(t *testing.T) {
	g := granted("api.example.com")
	g.Methods = []string{"GET", "HEAD", "POST"}
	g.MaxRequest, g.MaxResponse = 1000, 1000
	zeros := make([]byte, 10<<20)
	w := newWorld(t, http.Config{MaxBuffered: 1 << 20}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		var to io.Writer = rw
		var done func() error
		encoding := r.URL.Query().Get("encoding")
		if encoding != "" {
			rw.Header().Set("Content-Encoding", encoding)
		}
		for _, e := range strings.Split(encoding, ", ") {
			switch e {
			case "gzip":
				z := gzip.NewWriter(to)
				to, done = z, z.Close
			case "deflate":
				z := zlib.NewWriter(to)
				to, done = z, z.Close
			}
		}
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if r.URL.Path == "/endless" {
			for {
				if _, err := to.Write(zeros[:4096]); err != nil {
					return
				}
			}
		}
		to.Write(zeros[:n])
		if done != nil {
			done()
		}
	}, g)
	for url, ok := range map[string]bool{
		"/?n=1000": true, "/?n=1001": false, "/?n=5000000": false, "/endless": false,
		"/?n=1000&encoding=gzip": true, "/?n=1001&encoding=gzip": false, "/?n=10000000&encoding=gzip": false, "/?n=10000000&encoding=deflate": false,
		"/?n=1000&encoding=deflate": true, "/?n=1000&encoding=identity": true, "/endless?encoding=gzip": false, "/?n=0&encoding=gzip": true,
	} {
		a, err := w.get("http://api.example.com" + url)
		if ok {
			if n, _ := strconv.Atoi(strings.TrimLeft(strings.SplitN(url+"&", "&", 2)[0], "/?n=")); err != nil || len(a.Body) != n && !strings.Contains(url, "n=0") {
				t.Errorf("%s: %v", url, err)
			}
			continue
		}
		refused(t, err, hostfuncs.ToolError, "more than 1000 bytes", "Range")
	}
	if a, err := w.do(map[string]any{"url": "http://api.example.com/?n=5000", "method": "HEAD"}); err != nil || len(a.Body) != 0 {
		t.Errorf("HEAD: %v", err)
	}
	// An empty body that calls itself compressed, and one that is not what it says.
	w.server.Config.Handler = nethttp.HandlerFunc(func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		rw.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path == "/bad" {
			io.WriteString(rw, "this is no gzip")
		}
	})
	if a, err := w.get("http://api.example.com/"); err != nil || len(a.Body) != 0 {
		t.Errorf("%v", err)
	}
	_, err := w.get("http://api.example.com/bad")
	refused(t, err, hostfuncs.ToolError, "broke off after 0 bytes")
	before := w.conns.Load()
	_, err = w.do(map[string]any{"url": "http://api.example.com/", "method": "POST", "body": strings.Repeat("a", 1001)})
	refused(t, err, hostfuncs.PermissionError, "1001 bytes", "at most 1000")
	if w.conns.Load() != before {
		t.Error("something was sent of a body that is too large")
	}
}

// Gzip members without content give nothing however many there are: the wire has a limit too.
func TestEmptyMembersEnd(t *testing.T) {
	var member bytes.Buffer
	gzip.NewWriter(&member).Close()
	many := bytes.Repeat(member.Bytes(), 1000)
	g := granted("api.example.com")
	g.MaxResponse = 1 << 20
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		rw.Header().Set("Content-Encoding", "gzip")
		for {
			if _, err := rw.Write(many); err != nil {
				return
			}
		}
	}, g)
	_, err := w.get("http://api.example.com/")
	refused(t, err, hostfuncs.ToolError, "more than 1048576 bytes")
}

func TestBufferedTogether(t *testing.T) {
	g := granted("api.example.com")
	w := newWorld(t, http.Config{MaxBuffered: 100 << 10}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		n, _ := strconv.Atoi(r.URL.RawQuery)
		rw.Write(make([]byte, n))
	}, g)
	for range 3 { // what is read is given back
		if _, err := w.get("http://api.example.com/?30000"); err != nil {
			t.Fatal(err.Message)
		}
		_, err := w.get("http://api.example.com/?200000")
		refused(t, err, hostfuncs.ToolError, "102400 bytes", "fewer requests")
	}
}

func TestTimeouts(t *testing.T) {
	g := granted("api.example.com")
	g.Timeout = units.Duration(150 * time.Millisecond)
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/body" {
			for range 1000 {
				io.WriteString(rw, "x")
				rw.(nethttp.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		}
		<-r.Context().Done()
	}, g)
	_, err := w.get("http://api.example.com/body")
	refused(t, err, hostfuncs.TimeoutError, "body", "not complete within 150ms")
	_, err = w.get("http://api.example.com/silent")
	refused(t, err, hostfuncs.TimeoutError, "did not answer within 150ms")
	_, err = w.do(map[string]any{"url": "http://api.example.com/silent", "timeout": 0.05})
	refused(t, err, hostfuncs.TimeoutError, "did not answer within 50ms")
	_, err = w.do(map[string]any{"url": "http://api.example.com/silent", "timeout": 1000})
	refused(t, err, hostfuncs.TimeoutError, "within 150ms")
	_, err = w.do(map[string]any{"url": "http://api.example.com/silent", "timeout": -1})
	refused(t, err, hostfuncs.ArgumentError, "timeout")

	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	w.use(http.Config{Resolve: func(ctx context.Context, _ string) ([]netip.Addr, error) { return nil, hang(ctx) }})
	_, err = w.get("http://api.example.com/")
	refused(t, err, hostfuncs.TimeoutError, "could not be looked up")
	w.use(http.Config{Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) { return nil, hang(ctx) }})
	_, err = w.get("http://api.example.com/")
	refused(t, err, hostfuncs.TimeoutError, "no connection to api.example.com within")
}

// Cancelling the call, or closing the client, closes the connection.
func TestCancelled(t *testing.T) {
	for _, how := range []string{"cancel", "close"} {
		came, gone := make(chan bool, 1), make(chan bool, 1)
		w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
			came <- true
			<-r.Context().Done()
			gone <- true
		}, granted("api.example.com"))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			<-came
			if how == "close" {
				w.client.Close()
			} else {
				cancel()
			}
		}()
		_, err := w.doIn(ctx, w.gate(), `{"url":"http://api.example.com/"}`)
		if err == nil {
			t.Error("a cancelled call has a result")
		}
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection stayed open")
		}
		if how == "close" {
			_, err := w.get("http://api.example.com/")
			refused(t, err, hostfuncs.ToolError, "over")
		}
	}
}

func TestBrokenServers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var reply atomic.Value
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				c.Read(make([]byte, 4096))
				io.WriteString(c, reply.Load().(string))
				c.Close()
			}()
		}
	}()
	w := newWorld(t, http.Config{}, hello, granted("api.example.com"))
	w.use(http.Config{Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
	}})
	for text, word := range map[string]string{
		"":                            "broke before there was an answer",
		"SSH-2.0-OpenSSH_9.2\r\n\r\n": "not HTTP",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc":                                 "broke off after 3 bytes",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 300<<10) + "\r\n\r\n":               "more than 262144 bytes",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n":                      "broke off",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip\r\n\r\n" + "anything": "4 times over",
	} {
		reply.Store(text)
		_, err := w.get("http://api.example.com/")
		refused(t, err, hostfuncs.ToolError, word)
	}
	w.use(http.Config{Dial: func(context.Context, netip.AddrPort) (net.Conn, error) { return nil, io.EOF }})
	_, problem := w.get("http://api.example.com:81/")
	refused(t, problem, hostfuncs.ToolError, "nobody answers at api.example.com:81")
	w.use(http.Config{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", Server: "10.0.0.53:53"}
	}})
	_, problem = w.get("http://api.example.com/")
	refused(t, problem, hostfuncs.ToolError, "no host named api.example.com")
	if strings.Contains(problem.Message, "10.0.0.53") {
		t.Error(problem.Message)
	}
}

// A name with very many addresses: a few are tried, and those that were not checked never.
func TestManyAddresses(t *testing.T) {
	var tried atomic.Int64
	w := newWorld(t, http.Config{}, hello, granted("api.example.com"))
	w.use(http.Config{Dial: func(context.Context, netip.AddrPort) (net.Conn, error) { tried.Add(1); return nil, io.EOF }})
	for i := range 5000 {
		w.names["api.example.com"] = append(w.names["api.example.com"], netip.AddrFrom4([4]byte{8, 8, byte(i >> 8), byte(i)}))
	}
	_, err := w.get("http://api.example.com/")
	refused(t, err, hostfuncs.ToolError, "nobody answers")
	if n := tried.Load(); n < 2 || n > 10 {
		t.Errorf("%d addresses were tried", n)
	}
}

func TestMaxCallsOfARedirect(t *testing.T) {
	second := granted("second.example.com")
	second.MaxCalls = 1
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		if r.Host == "first.example.com" {
			nethttp.Redirect(rw, r, "http://second.example.com/", nethttp.StatusFound)
		}
	}, granted("first.example.com"), second)
	gate := w.gate()
	if _, err := w.doIn(context.Background(), gate, `{"url":"http://first.example.com/"}`); err != nil {
		t.Fatal(err.Message)
	}
	_, err := w.doIn(context.Background(), gate, `{"url":"http://first.example.com/"}`)
	refused(t, err, hostfuncs.PermissionError, "used up")
}

func TestEffects(t *testing.T) {
	d := http.New(http.Config{}).Tools()[0]
	for method, want := range map[string]hostfuncs.Effect{"GET": hostfuncs.ReadOnly, "head": hostfuncs.ReadOnly, "PUT": hostfuncs.Idempotent, "POST": hostfuncs.Destructive, "PURGE": hostfuncs.Destructive} {
		args := json.RawMessage(`{"url":"http://a.example/x","method":"` + method + `","body":"abc"}`)
		if got := d.EffectOf(args); got != want {
			t.Errorf("%s is %v", method, got)
		}
		if text := d.Preview(args); text != "would send "+strings.ToUpper(method)+" http://a.example/x with 3 bytes" {
			t.Error(text)
		}
	}
}

// What the environment says of proxies is nothing to a run.
func TestNoProxyOfTheEnvironment(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	w := newWorld(t, http.Config{}, hello, granted("api.example.com"))
	if a, err := w.get("http://api.example.com/"); err != nil || string(a.Body) != "GET api.example.com / " {
		t.Fatal(a, err)
	}
}

func TestTextOrBytes(t *testing.T) {
	kinds := map[string]string{}
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		rw.Header()["Content-Type"] = []string{kinds[r.URL.Path]}
		if r.URL.Path == "/binary" || r.URL.Path == "/nul" {
			rw.Write([]byte{'a', 0, 0xff}[:map[string]int{"/binary": 3, "/nul": 2}[r.URL.Path]])
			return
		}
		io.WriteString(rw, "é")
	}, granted("api.example.com"))
	for _, c := range []struct {
		path, kind string
		text       bool
	}{
		{"/1", "text/html; charset=UTF-8", true}, {"/2", "application/json", true}, {"/3", "application/problem+json", true}, {"/4", "application/octet-stream", false},
		{"/5", "text/html; charset=latin-1", false}, {"/6", "", false}, {"/binary", "text/plain", false}, {"/nul", "text/plain", false}, {"/7", "image/png", false},
	} {
		kinds[c.path] = c.kind
		a, err := w.get("http://api.example.com" + c.path)
		if err != nil {
			t.Fatal(err.Message)
		}
		if text := strings.Contains(a.raw, `"body":"`); text != c.text {
			t.Errorf("%v: %s", c, a.raw)
		}
	}
}

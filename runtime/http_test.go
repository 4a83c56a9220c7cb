package runtime_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/audit"
	"wand/policies"
	"wand/runtime"
	"wand/runtime/engine"
	"wand/runtime/engine/wazero"
)

// site is a server on loopback that counts who connects, and remembers what it was asked.
type site struct {
	*httptest.Server
	conns atomic.Int64
	mu    sync.Mutex
	seen  []*nethttp.Request
}

func newSite(t *testing.T, handler nethttp.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r)
		s.mu.Unlock()
		handler(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state nethttp.ConnState) {
		if state == nethttp.StateNew {
			s.conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *site) port() int { return s.Listener.Addr().(*net.TCPAddr).Port }

func (s *site) requests() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.seen {
		list = append(list, r.Method+" "+r.URL.Path)
	}
	return list
}

// Programs that try each kind of request in turn and print, as JSON, what came of it. INPUT is a list of [label, method, URL].
var webPrograms = []struct {
	name     string
	language compiler.Language
	text     string
}{
	{"requests", compiler.Python, `
import json
import requests

outcomes = {}
for label, method, url in INPUT:
    try:
        r = requests.get(url) if method == "GET" else requests.request(method, url, data="x")
        r.raise_for_status()
        outcomes[label] = "ok " + r.text
    except Exception as e:
        outcomes[label] = f"{type(e).__name__}: {e}"
print(json.dumps(outcomes))
`},
	{"urllib", compiler.Python, `
import json
import urllib.request

outcomes = {}
for label, method, url in INPUT:
    try:
        request = urllib.request.Request(url, data=b"x" if method == "POST" else None, method=method)
        with urllib.request.urlopen(request) as r:
            outcomes[label] = "ok " + r.read().decode()
    except Exception as e:
        outcomes[label] = f"{type(e).__name__}: {e}"
print(json.dumps(outcomes))
`},
	{"fetch", compiler.JavaScript, `
const outcomes = {};
for (const [label, method, url] of INPUT) {
  try {
    const r = await fetch(url, method === 'GET' ? undefined : { method, body: 'x' });
    if (!r.ok) throw new Error('status ' + r.status);
    outcomes[label] = 'ok ' + await r.text();
  } catch (e) {
    outcomes[label] = e.name + ': ' + e.message;
  }
}
console.log(JSON.stringify(outcomes));
`},
}

// What a policy grants works from requests and from fetch, and all else is refused with a message of its own; no packet leaves for a refused call.
func TestWebUnderAPolicy(t *testing.T) {
	rt := sharedRuntime(t)
	other := newSite(t, func(nethttp.ResponseWriter, *nethttp.Request) {})
	var home *site
	home = newSite(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		switch r.URL.Path {
		case "/v1/hop":
			nethttp.Redirect(w, r, "/v1/ok", nethttp.StatusFound)
		case "/v1/private":
			nethttp.Redirect(w, r, fmt.Sprintf("http://localhost:%d/v1/ok", home.port()), nethttp.StatusFound)
		case "/v1/metadata":
			nethttp.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", nethttp.StatusFound)
		case "/v1/away":
			nethttp.Redirect(w, r, other.URL, nethttp.StatusFound)
		case "/v1/big":
			w.Write(make([]byte, 3000))
		case "/v1/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(make([]byte, 1<<20))
			z.Close()
		case "/slow/body":
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, "."); err != nil {
					return
				}
				w.(nethttp.Flusher).Flush()
			}
			<-r.Context().Done()
		case "/slow/answer":
			<-r.Context().Done()
		default:
			io.WriteString(w, "you got "+r.URL.Path)
		}
	})
	policy, err := policies.Parse("policy.yaml", fmt.Appendf(nil, `
version: 1
network:
  - {host: "127.0.0.1:%[1]d", schemes: [http], private: true, paths: [/v1/*], max_response: 2000B, timeout: 1m}
  - {host: "127.0.0.1:%[1]d", schemes: [http], private: true, paths: [/slow/*], max_response: 1GiB, timeout: 1s}
  - {host: "localhost:%[1]d", schemes: [http]}
`, home.port()))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ label, method, url, want string }{
		{"granted", "GET", home.URL + "/v1/ok", "ok you got /v1/ok"},
		{"redirect", "GET", home.URL + "/v1/hop", "ok you got /v1/ok"},
		{"other host", "GET", "http://other.example.com/v1/ok", "other.example.com"},
		{"other port", "GET", other.URL + "/v1/ok", fmt.Sprint(other.port())},
		{"other method", "POST", home.URL + "/v1/ok", "method"},
		{"other path", "GET", home.URL + "/v2/ok", "/v2/ok"},
		{"hidden path", "GET", home.URL + "/v1/%2e%2e/v2/no", "/v2/no"},
		{"redirect to a private name", "GET", home.URL + "/v1/private", "not public (loopback)"},
		{"redirect to a private address", "GET", home.URL + "/v1/metadata", "169.254.169.254"},
		{"redirect away", "GET", home.URL + "/v1/away", fmt.Sprint(other.port())},
		{"name of a private address", "GET", fmt.Sprintf("http://localhost:%d/v1/ok", home.port()), "localhost leads to an address that is not public (loopback)"},
		{"oversize body", "GET", home.URL + "/v1/big", "more than 2000 bytes"},
		{"bomb", "GET", home.URL + "/v1/bomb", "more than 2000 bytes"},
		{"slow body", "GET", home.URL + "/slow/body", "was not complete within 1s"},
		{"slow answer", "GET", home.URL + "/slow/answer", "did not answer within 1s"},
	}
	reached := "GET /v1/ok, GET /v1/hop, GET /v1/ok, GET /v1/private, GET /v1/metadata, GET /v1/away, GET /v1/big, GET /v1/bomb, GET /slow/body, GET /slow/answer"
	var input [][]string
	for _, c := range cases {
		input = append(input, []string{c.label, c.method, c.url})
	}
	text, _ := json.Marshal(input)
	for _, p := range webPrograms {
		t.Run(p.name, func(t *testing.T) {
			home.mu.Lock()
			home.seen = nil
			home.mu.Unlock()
			before := home.conns.Load()
			report := runWeb(t, rt, p.language, p.text, runtime.Options{Policy: policy, Input: text})
			var outcomes map[string]string
			if err := json.Unmarshal([]byte(report.Stdout), &outcomes); err != nil {
				t.Fatalf("%v: %s\n%s", err, report.Stdout, report.Stderr)
			}
			twins := map[string]bool{"bomb": true, "redirect": true}
			// Python follows redirects by calls of its own.
			twins["name of a private address"] = p.language == compiler.Python
			messages := map[string]string{}
			for _, c := range cases {
				got := outcomes[c.label]
				t.Logf("%s: %s", c.label, got)
				if !strings.Contains(got, c.want) || strings.HasPrefix(got, "ok ") != strings.HasPrefix(c.want, "ok ") {
					t.Errorf("%s: %q, want %q", c.label, got, c.want)
				}
				if twin := messages[got]; twin != "" && !twins[c.label] {
					t.Errorf("%s and %s have the same message: %s", twin, c.label, got)
				}
				messages[got] = c.label
			}
			if got := strings.Join(home.requests(), ", "); got != reached {
				t.Errorf("the server was asked for\n%s, want\n%s", got, reached)
			}
			if n := home.conns.Load() - before; n != int64(strings.Count(reached, ",")+1) {
				t.Errorf("%d connections for %s", n, reached)
			}
			if n := other.conns.Load(); n != 0 {
				t.Errorf("%d connections to a host that is not granted", n)
			}
		})
	}
}

func runWeb(t *testing.T, rt *runtime.Runtime, language compiler.Language, program string, o runtime.Options) *runtime.Report {
	t.Helper()
	module, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "main", Language: language, Text: []byte(program)})
	if err != nil {
		t.Fatal(err)
	}
	report, err := rt.Run(context.Background(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Status != runtime.Completed {
		text, _ := json.Marshal(report)
		t.Fatalf("%s", text)
	}
	return report
}

// watched is an engine that lets a test look at the memory of every instance before it goes.
type watched struct {
	engine.Engine
	look func(memory []byte)
}

func (w watched) Compile(ctx context.Context, wasm []byte, host []hostfuncs.Func, cacheDir string) (engine.Code, error) {
	c, err := w.Engine.Compile(ctx, wasm, host, cacheDir)
	return watchedCode{c, w.look}, err
}

type watchedCode struct {
	engine.Code
	look func([]byte)
}

func (w watchedCode) Instantiate(ctx context.Context, config engine.InstanceConfig) (engine.Instance, error) {
	i, err := w.Code.Instantiate(ctx, config)
	return watchedInstance{i, w.look}, err
}

type watchedInstance struct {
	engine.Instance
	look func([]byte)
}

func (w watchedInstance) Call(ctx context.Context, function string, stack []uint64) error {
	err := w.Instance.Call(ctx, function, stack)
	w.look(w.Memory())
	return err
}

// A secret is in the request that the server sees, and nowhere else: not in the program's memory, its output, the report, the journal or the audit file,
// although the server sends it back in every way that it knows.
func TestSecretStaysOutside(t *testing.T) {
	needGuests(t)
	const secret, marker = "tok/4f9a+Zebra=77", "marker-6c1d"
	s := newSite(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		token := r.Header.Get("Authorization")
		w.Header().Set("X-Echo", token)
		w.Header().Set("Set-Cookie", "t="+url.QueryEscape(token))
		switch r.URL.Path {
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, token)
			z.Close()
		case "/base64":
			io.WriteString(w, base64.StdEncoding.EncodeToString([]byte(token)))
		default:
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(map[string]any{"headers": r.Header, "marker": marker})
		}
	})
	policy, err := policies.Parse("policy.yaml", fmt.Appendf(nil, `
version: 1
network:
  - host: 127.0.0.1:%d
    schemes: [http]
    private: true
    secrets: {Authorization: "Bearer ${API_TOKEN}"}
`, s.port()))
	if err != nil {
		t.Fatal(err)
	}
	forms := [][]byte{[]byte(secret), []byte(url.QueryEscape(secret)), []byte(hex.EncodeToString([]byte(secret)))}
	for offset := range 3 {
		text := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte(" "), offset), secret...))
		forms = append(forms, []byte(text[4:20]))
	}
	finds := func(text []byte) bool {
		for _, f := range forms {
			if bytes.Contains(text, f) {
				return true
			}
		}
		return false
	}
	var scanned, marked, found atomic.Int64
	rt, err := runtime.New(context.Background(), runtime.Config{
		Engine: watched{wazero.New(), func(memory []byte) {
			scanned.Add(int64(len(memory)))
			if bytes.Contains(memory, []byte(marker)) {
				marked.Add(1)
			}
			if finds(memory) {
				found.Add(1)
			}
		}},
		LookupEnv: func(name string) (string, bool) { return secret, name == "API_TOKEN" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	programs := map[compiler.Language]string{
		compiler.Python: `
import os, requests
for path in INPUT:
    r = requests.get(path)
    print(r.status_code, dict(r.headers), r.text)
print(requests.get(INPUT[0], headers={"Authorization": "Bearer " + str(os.environ.get("API_TOKEN"))}).json())
`,
		compiler.JavaScript: `
for (const path of INPUT) {
  const r = await fetch(path);
  console.log(r.status, [...r.headers], new TextDecoder().decode(await r.arrayBuffer()));
}
console.log(await (await fetch(INPUT[0], { headers: { Authorization: 'Bearer ' + process.env.API_TOKEN } })).json());
`,
	}
	input, _ := json.Marshal([]string{s.URL + "/json", s.URL + "/gzip", s.URL + "/base64"})
	for language, program := range programs {
		t.Run(string(language), func(t *testing.T) {
			marked.Store(0)
			s.mu.Lock()
			s.seen = nil
			s.mu.Unlock()
			var stdout bytes.Buffer
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			auditLog, err := audit.Open(path, audit.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer auditLog.Close()
			record, err := auditLog.Begin(audit.Info{})
			if err != nil {
				t.Fatal(err)
			}
			report := runWeb(t, rt, language, program, runtime.Options{Policy: policy, Input: input, Stdout: &stdout, Record: record.Record})
			if err := auditLog.Close(); err != nil {
				t.Fatal(err)
			}
			records, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			journal, _ := json.Marshal(report.Calls)
			s.mu.Lock()
			seen := s.seen
			s.mu.Unlock()
			if len(seen) != 4 {
				t.Fatalf("%d requests came", len(seen))
			}
			for _, r := range seen {
				if r.Header.Get("Authorization") != "Bearer "+secret {
					t.Errorf("%s came with %q", r.URL, r.Header["Authorization"])
				}
			}
			text, _ := json.Marshal(report)
			for name, text := range map[string][]byte{"output": stdout.Bytes(), "report": text, "journal": journal, "audit file": records} {
				if finds(text) {
					t.Errorf("the secret is in the %s: %s", name, text)
				}
				if !bytes.Contains(text, []byte("[secret API_TOKEN]")) {
					t.Errorf("the %s does not say where a secret was: %s", name, text)
				}
			}
			if found.Load() > 0 {
				t.Error("the secret is in the memory of the guest")
			}
			if marked.Load() == 0 {
				t.Errorf("the scan of %d MiB did not see what else the server sent", scanned.Load()>>20)
			}
		})
	}
}

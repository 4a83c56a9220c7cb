package http_test

import (
	nethttp "net/http"
	"testing"

	"wand/hostfuncs"
	"wand/hostfuncs/http"
	"wand/policies"
)

// The tool under a policy as people write it.
func TestUnderAPolicy(t *testing.T) {
	p, err := policies.Parse("policy.yaml", []byte(`
version: 1
name: test
network:
  - host: api.example.com
    methods: [GET, POST]
    paths: [/v1/*]
    schemes: [http]
    headers: [X-Request-Id]
    max_request: 100B
    max_response: 1KiB
    max_calls: 20
  - {host: "*.wild.example:8080", schemes: [http]}
forbid:
  - {name: http, when: 'context.path like "/v1/admin*"', reason: "the admin API is for people"}
  - {name: http, when: 'context.redirect && context.query like "*token*"', reason: "no tokens in redirects"}
`))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := policies.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, http.Config{}, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			nethttp.Redirect(rw, r, to, nethttp.StatusFound)
			return
		}
		hello(rw, r)
	})
	w.decider = engine
	for _, url := range []string{"http://api.example.com/v1/x", "http://api.example.com/v1/a%2Fb?q", "http://a.wild.example:8080/any", "http://api.example.com/v1/?to=y"} {
		if _, err := w.get(url); err != nil {
			t.Errorf("%s: %s (%s)", url, err.Message, err.Hint)
		}
	}
	before := w.conns.Load()

	for _, c := range []struct {
		args map[string]any
	}{
		{map[string]any{"url": "http://other.example.com/v1/x"}},
		{map[string]any{"url": "http://wild.example:8080/"}},
		{map[string]any{"url": "http://a.wild.example/"}},
		{map[string]any{"url": "http://api.example.com:8080/v1/x"}},
		{map[string]any{"url": "https://api.example.com/v1/x"}},
		{map[string]any{"url": "http://api.example.com/v2"}},
		{map[string]any{"url": "http://api.example.com/v1/x", "method": "DELETE"}},
		{map[string]any{"url": "http://api.example.com/v1/admin/x"}},
		{map[string]any{"url": "http://api.example.com/v1/%61dmin/y"}},
		{map[string]any{"url": "http://api.example.com/v1//admin/z"}},
		{map[string]any{"url": "http://api.example.com/v1%2Fadmin"}},
		{map[string]any{"url": "http://api.example.com/v1/x", "headers": map[string]any{"X-Other": "1"}}},
		{map[string]any{"url": "http://api.example.com/v1/x", "method": "POST", "body": string(make([]byte, 101))}},
	} {
		_, err := w.do(c.args)
		refused(t, err, hostfuncs.PermissionError)
		if err == nil {
			t.Errorf("%v", c.args)
			continue
		}
		t.Logf("%v: %s (%s)", c.args["url"], err.Message, err.Hint)
	}
	if n := w.conns.Load() - before; n != 0 {
		t.Errorf("%d connections for refused calls", n)
	}
	_, problem := w.get("http://api.example.com/v1/?to=/v1/y%3Ftoken%3D1")
	refused(t, problem, hostfuncs.PermissionError, "redirects to", "no tokens in redirects")
	_, problem = w.get("http://api.example.com/v1/?to=http://169.254.169.254/latest")
	refused(t, problem, hostfuncs.PermissionError, "redirects to", "link-local")
}

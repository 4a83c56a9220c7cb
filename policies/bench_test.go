package policies

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkDecide measures one decision. The aim is 5 us with 50 rules and 20 us with 1,000.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{50, 1000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			e := mixedEngine(b, n)
			mail := fmt.Sprintf("mail.send%d", n/4-1)
			for _, c := range []struct {
				name    string
				request Request
				allowed bool
			}{
				{"http", httpRequest("GET", fmt.Sprintf("api%d.example.com", n/4-1), "/v1/items"), true},
				{"http wildcard", httpRequest("GET", "a.wild0.example.com", "/v1/items"), true},
				{"file", Request{Action: ActionFileRead, Resource: Resource{ResourcePath, "/data0/reports/2024/a.csv"}}, true},
				{"tool", Request{Action: mail, Resource: Resource{ResourceTool, mail}, Context: map[string]any{"args": map[string]any{"to": "a@example.com", "body": strings.Repeat("x", 1000)}}}, true},
				{"denied", httpRequest("DELETE", "api0.example.com", "/v1/items"), false},
			} {
				b.Run(c.name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if e.Decide(c.request).Allowed != c.allowed {
							b.Fatal(e.Decide(c.request))
						}
					}
				})
			}
		})
	}
}

func httpRequest(method, host, path string) Request {
	return Request{Action: ActionHTTP, Resource: Resource{ResourceHost, host}, Context: map[string]any{
		"method": method, "scheme": "https", "port": 443, "path": path, "query": "", "private": false, "redirect": false,
		"args": map[string]any{"url": "https://" + host + path, "method": method},
	}}
}

// mixedEngine has n rules: hosts, wildcards, folders, tools with conditions, forbids.
func mixedEngine(tb testing.TB, n int) *Engine {
	var doc strings.Builder
	doc.WriteString("version: 1\nnetwork:\n")
	for i := range n / 4 {
		fmt.Fprintf(&doc, "  - {host: api%d.example.com, methods: [GET, POST], paths: [/v1/*, /v2/*]}\n", i)
	}
	for i := range n / 8 {
		fmt.Fprintf(&doc, "  - {host: \"*.wild%d.example.com\"}\n", i)
	}
	doc.WriteString("files:\n")
	for i := range n / 8 {
		fmt.Fprintf(&doc, "  - {host: ./data%d, guest: /data%d, access: read}\n", i, i)
	}
	doc.WriteString("tools:\n")
	for i := range n / 4 {
		fmt.Fprintf(&doc, "  - {name: mail.send%d, when: 'context.args.to like \"*@example.com\"'}\n", i)
	}
	doc.WriteString("forbid:\n")
	for i := range n / 4 {
		fmt.Fprintf(&doc, "  - {name: http, when: 'resource.id == \"evil%d.com\"'}\n", i%8)
		if i == 8 {
			break
		}
	}
	for i := range n/4 - 8 {
		fmt.Fprintf(&doc, "  - {name: shell.run%d}\n", i)
	}
	p, err := Parse("bench.yaml", []byte(doc.String()))
	if err != nil {
		tb.Fatal(err)
	}
	e, err := Compile(p)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

package http_test

import (
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"wand/hostfuncs"
	"wand/hostfuncs/http"
	"wand/policies"
)

// One GET on loopback through the gate and the tool, with a connection of its own and a secret to look for, beside Go's client with and without
// keep-alive.
func BenchmarkGet(b *testing.B) {
	for _, size := range []int{100, 1 << 20} {
		body := make([]byte, size)
		server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.Write(body) }))
		get := func(b *testing.B, c *nethttp.Client) {
			b.SetBytes(int64(size))
			for b.Loop() {
				r, err := c.Get(server.URL)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					b.Fatal(err)
				}
				r.Body.Close()
			}
		}
		b.Run(fmt.Sprintf("%d/tool", size), func(b *testing.B) {
			secrets, err := hostfuncs.NewSecrets(map[string]string{"API_TOKEN": secretValue})
			if err != nil {
				b.Fatal(err)
			}
			client := http.New(http.Config{Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
			}})
			defer client.Close()
			registry, err := hostfuncs.NewRegistry(client.Tools()...)
			if err != nil {
				b.Fatal(err)
			}
			g := granted("8.8.8.8")
			g.Secrets = map[string]string{"Authorization": "${API_TOKEN}"}
			policy := &rules{grants: []policies.NetworkGrant{g}}
			args := []byte(`{"url":"http://8.8.8.8/"}`)
			b.SetBytes(int64(size))
			for b.Loop() {
				gate := hostfuncs.NewGate(hostfuncs.GateOptions{Tools: registry, Policy: policy, Secrets: secrets})
				p := gate.Start(context.Background(), "http", args)
				<-p.Done()
				if _, err, fatal := p.Outcome(); err != nil || fatal != nil {
					b.Fatal(err, fatal)
				}
				gate.Close()
				policy.asked = policy.asked[:0]
			}
		})
		b.Run(fmt.Sprintf("%d/connect", size), func(b *testing.B) {
			get(b, &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}})
		})
		b.Run(fmt.Sprintf("%d/keep-alive", size), func(b *testing.B) { get(b, &nethttp.Client{Transport: &nethttp.Transport{}}) })
		server.Close()
	}
}

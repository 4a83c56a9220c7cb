// Command server is an MCP server for the tests of hostfuncs/mcp, made with the official SDK. With -http it serves over streamable HTTP and prints its
// address; with -sse over the older transport; with -raw it speaks the protocol by hand, as the SDK would not let it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func main() {
	web := flag.Bool("http", false, "serve over streamable HTTP")
	address := flag.String("addr", "127.0.0.1:0", "with -http or -sse: where to listen")
	plain := flag.Bool("json", false, "with -http: answer with JSON, not with streams")
	sse := flag.Bool("sse", false, "serve over HTTP with server-sent events")
	raw := flag.String("raw", "", "speak by hand, in a mode: silent, flood, deaf, evil, exit")
	child := flag.Bool("child", false, "start a process that outlives the input, and ignore signals to end")
	flag.Parse()
	if *child {
		c := exec.Command("sleep", "1000")
		if err := c.Start(); err != nil {
			panic(err)
		}
		fmt.Fprintf(os.Stderr, "child %d\n", c.Process.Pid)
	}
	if *raw != "" {
		byHand(*raw)
		return
	}
	fmt.Fprintln(os.Stderr, "the server writes to its standard error")
	s := newServer()
	if !*web && !*sse {
		if err := s.Run(context.Background(), &mcp.StdioTransport{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	l, err := net.Listen("tcp", *address)
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	get := func(*http.Request) *mcp.Server { return s }
	var handler http.Handler = mcp.NewStreamableHTTPHandler(get, &mcp.StreamableHTTPOptions{JSONResponse: *plain})
	if *sse {
		handler = mcp.NewSSEHandler(get, nil)
	}
	go func() { // the test ends it by closing its input
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := os.Getenv("TEST_KEY"); key != "" && r.Header.Get("Authorization") != "Bearer "+key {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://localhost:1/mcp", http.StatusTemporaryRedirect)
			return
		}
		handler.ServeHTTP(w, r)
	})))
}

type none struct{}

func newServer() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	no := false
	var counter atomic.Int64
	type search struct {
		Query string `json:"query" jsonschema:"words to look for"`
		Limit int    `json:"limit,omitempty"`
	}
	type found struct {
		Titles []string `json:"titles"`
		ID     int64    `json:"id"`
	}
	mcp.AddTool(s, &mcp.Tool{Name: "search-books", Description: "Searches\x1b[31m the \u202ecatalogue.", Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true}},
		func(_ context.Context, _ *mcp.CallToolRequest, in search) (*mcp.CallToolResult, found, error) {
			if in.Query == "" {
				return nil, found{}, errors.New("the query is empty")
			}
			return nil, found{Titles: []string{in.Query + " I"}, ID: 7}, nil
		})
	text := func(name string, a *mcp.ToolAnnotations, f func(ctx context.Context) string) {
		mcp.AddTool(s, &mcp.Tool{Name: name, Annotations: a}, func(ctx context.Context, _ *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: f(ctx)}}}, nil, nil
		})
	}
	text("count", &mcp.ToolAnnotations{IdempotentHint: true, DestructiveHint: &no}, func(context.Context) string { return fmt.Sprint(counter.Add(1)) })
	text("json", nil, func(context.Context) string { return `{"a": 1}` })
	text("import", nil, func(context.Context) string { return "keyword" })
	text("crash", nil, func(context.Context) string {
		fmt.Fprintln(os.Stderr, "about to crash with", os.Getenv("TEST_KEY"))
		os.Exit(3)
		return ""
	})
	text("hang", nil, func(ctx context.Context) string {
		counter.Add(1000)
		<-ctx.Done()
		counter.Add(1_000_000)
		return "late"
	})
	text("stubborn", nil, func(ctx context.Context) string { time.Sleep(time.Hour); return "" })
	text("huge", nil, func(context.Context) string { return strings.Repeat("x", 3<<20) })
	text("environment", nil, func(context.Context) string { return strings.Join(os.Environ(), "\n") })
	text("directory", nil, func(context.Context) string { d, _ := os.Getwd(); return d })
	mcp.AddTool(s, &mcp.Tool{Name: "picture"}, func(_ context.Context, _ *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{
			&mcp.TextContent{Text: "a picture"},
			&mcp.ImageContent{Data: []byte{1, 2, 3}, MIMEType: "image/png"},
			&mcp.EmbeddedResource{Resource: &mcp.ResourceContents{URI: "test://a", MIMEType: "text/plain", Text: "inside"}},
			&mcp.ResourceLink{URI: "test://b", Name: "b"},
		}}, nil, nil
	})
	mcp.AddTool(s, &mcp.Tool{Name: "ask"}, func(ctx context.Context, q *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		_, err := q.Session.ListRoots(ctx, nil)
		_, err2 := q.Session.Elicit(ctx, &mcp.ElicitParams{Message: "your password?", RequestedSchema: json.RawMessage(`{"type":"object"}`)})
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprint(err != nil, err2 != nil)}}}, nil, nil
	})
	mcp.AddTool(s, &mcp.Tool{Name: "grow"}, func(_ context.Context, _ *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		text("grown", nil, func(context.Context) string { return "new" })
		return nil, nil, nil
	})
	return s
}

// byHand answers initialize and tools/list, and misbehaves.
func byHand(mode string) {
	if mode == "exit" {
		fmt.Fprintln(os.Stderr, "the configuration is missing")
		os.Exit(2)
	}
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, format+"\n", args...)
		out.Flush()
	}
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var q struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
			Params struct {
				Name string `json:"name"`
			} `json:"params"`
		}
		if json.Unmarshal(line, &q) != nil || mode == "silent" {
			continue
		}
		switch q.Method {
		case "initialize":
			say("a line that is no message")
			say(`{"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"raw","version":"1"}},"jsonrpc":"2.0","id":%s}`, q.ID)
			if mode == "flood" {
				go func() {
					for i := 0; ; i++ {
						say(`{"jsonrpc":"2.0","id":"r%d","method":"sampling/createMessage","params":{}}`, i)
						say(`{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}`)
					}
				}()
			}
		case "tools/list":
			say(`{"result":{"tools":[%s]},"jsonrpc":"2.0","id":%s}`, tools(mode), q.ID)
			if mode == "deaf" {
				time.Sleep(time.Hour)
			}
		case "tools/call":
			switch q.Params.Name {
			case "endless":
				say(`{"result":{"content":[{"type":"text","text":"%s"}]},"jsonrpc":"2.0","id":%s}`, strings.Repeat("y", 300<<20), q.ID)
			case "refuse":
				say(`{"error":{"code":-32602,"message":"limit must be\u001b[2J below 5"},"jsonrpc":"2.0","id":%s}`, q.ID)
			case "wrong":
				say(`{"result":{"content":"not a list"},"jsonrpc":"2.0","id":%s}`, q.ID)
			case "precise":
				say(`{"result":{"content":[],"structuredContent":{"id":9007199254740993}},"jsonrpc":"2.0","id":%s}`, q.ID)
			case "typed":
				say(`{"result":{"content":[],"structuredContent":{"$type":"handle","id":1}},"jsonrpc":"2.0","id":%s}`, q.ID)
			default:
				say(`{"result":{"content":[{"type":"text","text":"ok"}]},"jsonrpc":"2.0","id":%s}`, q.ID)
			}
		case "server/discover":
			say(`{"error":{"code":-32601,"message":"no such method"},"jsonrpc":"2.0","id":%s}`, q.ID)
		}
	}
}

func tools(mode string) string {
	plain := `{"type":"object"}`
	list := []string{tool("endless", plain), tool("refuse", plain), tool("wrong", plain), tool("typed", plain), tool("precise", plain), tool("fine", plain)}
	if mode == "evil" {
		twice := `{"type":"object","$defs":{"d0":{"type":"string"}`
		for i := 1; i <= 40; i++ {
			twice += fmt.Sprintf(`,"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, i-1, i-1)
		}
		list = append(list,
			tool("loop", `{"type":"object","$ref":"#"}`),
			tool("circle", `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"anyOf":[{"$ref":"#/$defs/y"}]},"y":{"allOf":[{"$ref":"#/$defs/x"}]}}}`),
			tool("tree", `{"type":"object","properties":{"left":{"$ref":"#"},"value":{"type":"integer"}}}`),
			tool("bomb", twice+`},"properties":{"a":{"$ref":"#/$defs/d40"}}}`),
			tool("elsewhere", `{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}`),
			tool("lookahead", `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","properties":{"a":{"type":"string","pattern":"(?=x)"}}}`),
			tool("list", `{"type":"array"}`),
			tool("nothing", `null`),
			tool("deep", strings.Repeat(`{"type":"object","properties":{"a":`, 150)+`{}`+strings.Repeat(`}}`, 150)),
			tool("large", `{"type":"object","description":"`+strings.Repeat("x", 300<<10)+`"}`),
			tool("same-name", plain), tool("same_name", plain),
			tool("", plain), tool(strings.Repeat("n", 200), plain),
		)
	}
	return strings.Join(list, ",")
}

func tool(name, schema string) string {
	return fmt.Sprintf(`{"name":%q,"inputSchema":%s}`, name, schema)
}

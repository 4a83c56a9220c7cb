package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

// guestTools are tools as an embedder makes them, a policy that grants all but one of them and requests to a server, and the server's address as
// INPUT.
func guestTools(t testing.TB) runtime.Options {
	t.Helper()
	type query struct {
		Query string `json:"query" jsonschema:"words to look for"`
		Limit int    `json:"limit" default:"10" maximum:"50"`
	}
	type number struct {
		N int `json:"n"`
	}
	type key struct {
		Key string `json:"key"`
	}
	type none struct{}
	failing := func(e hostfuncs.Error) func(context.Context, none) (int, error) {
		return func(context.Context, none) (int, error) { return 0, &e }
	}
	raw := func(name, doc string, call func(context.Context, json.RawMessage) (json.RawMessage, error)) *hostfuncs.Definition {
		return hostfuncs.Dynamic(name, doc, json.RawMessage(`{"type": "object"}`), call)
	}
	registry, err := hostfuncs.NewRegistry(
		hostfuncs.Tool("search", "Searches the catalogue.\n\nGives titles, best first.", func(_ context.Context, in query) (string, error) {
			return fmt.Sprint(in.Query, " ", in.Limit), nil
		}),
		hostfuncs.Tool("slow", "Takes 50 ms.", func(ctx context.Context, in number) (int, error) {
			select {
			case <-time.After(50 * time.Millisecond):
				return in.N, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}),
		hostfuncs.Tool("never", "Never ends by itself.", func(ctx context.Context, _ none) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}),
		hostfuncs.Tool("fail", "Always fails.", failing(hostfuncs.Error{Type: hostfuncs.ToolError, Message: "no luck", Hint: "try something else"})),
		hostfuncs.Tool("late", "Takes too long.", failing(hostfuncs.Error{Type: hostfuncs.TimeoutError, Message: "too late"})),
		hostfuncs.Tool("store.get", "Gets a value.", func(_ context.Context, in key) (string, error) { return "value of " + in.Key, nil }),
		hostfuncs.Tool("secret.read", "Nobody may.", func(context.Context, none) (string, error) { return "", errors.New("called all the same") }),
		raw("echo", "Gives back its arguments.", func(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil }),
		raw("tagged", "Gives values that JSON has no type for.", func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return json.RawMessage(`{"bytes": {"$type": "bytes", "value": "AAH/"}, "big": {"$type": "int", "value": "123456789012345678901"},
				"when": {"$type": "datetime", "value": "2024-05-06T07:08:09+00:00"}, "broken": {"$type": "bytes", "value": 3}}`), nil
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	server := guestServer(t)
	policy, err := policies.Parse("policy.yaml", fmt.Appendf(nil, `
version: 1
tools: [{name: search}, {name: slow}, {name: never}, {name: fail}, {name: late}, {name: store.*}, {name: echo}, {name: tagged}]
network:
  - {host: "%s", schemes: [http], private: true, methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS], headers: [Authorization, Cookie, X-A]}
  - {host: "127.0.0.1:1", schemes: [http], private: true}
`, server.Listener.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	input, _ := json.Marshal(server.URL)
	return runtime.Options{Policy: policy, Tools: registry, Input: input}
}

// guestServer is what the programs of testdata/tools ask.
func guestServer(t testing.TB) *httptest.Server {
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Path {
		case "/redirect":
			nethttp.SetCookie(w, &nethttp.Cookie{Name: "seen", Value: "yes", Path: "/"})
			nethttp.Redirect(w, r, "/echo?after=1", nethttp.StatusFound)
		case "/loop":
			nethttp.Redirect(w, r, "/loop", nethttp.StatusFound)
		case "/missing":
			nethttp.Error(w, "nothing here", nethttp.StatusNotFound)
		case "/binary":
			w.Write([]byte{0, 255, 254})
		case "/text":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, "héllo\nwörld\n")
		case "/slow":
			time.Sleep(50 * time.Millisecond)
			io.WriteString(w, "ok")
		case "/never":
			<-r.Context().Done()
		default:
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Add("X-Two", "a")
			w.Header().Add("X-Two", "b")
			json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "path": r.URL.RequestURI(), "type": r.Header.Get("Content-Type"),
				"auth": r.Header.Get("Authorization"), "cookie": r.Header.Get("Cookie"), "agent": r.Header.Get("User-Agent"), "x": r.Header.Get("X-A"), "body": string(body)})
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// TestToolCases runs testdata/tools: cases as TestCases knows them, with the tools above. "tools: none" leaves those out.
func TestToolCases(t *testing.T) {
	rt := sharedRuntime(t)
	files, err := filepath.Glob("../testdata/tools/*/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	tools := guestTools(t)
	for _, file := range files {
		comment := map[string]string{".py": "#", ".js": "//", ".mjs": "//"}[filepath.Ext(file)]
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e := parseCase(t, string(text), comment)
			if !strings.Contains(string(text), comment+" tools: none\n") {
				e.options.Policy, e.options.Tools, e.options.Input = tools.Policy, tools.Tools, tools.Input
			}
			r, err := attempt(t, rt, compiler.Source{Name: filepath.Base(file), Text: text}, e.options)
			if err != nil {
				t.Fatal(err)
			}
			checkSchemaOf(t, r)
			if wrong := e.compare(r); wrong != nil {
				t.Errorf("%s\n%s", strings.Join(wrong, "\n"), r.Feedback(0))
			}
		})
	}
}

// Ten calls of 50 ms side by side take far less than the 500 ms that they take one after the other. The best of a few attempts counts: the
// machine may be busy.
func TestToolsSideBySide(t *testing.T) {
	rt := sharedRuntime(t)
	o := guestTools(t)
	programs := map[string]string{
		"gather.py":       "import asyncio, tools\nasync def main():\n    return await asyncio.gather(*[tools.aio.slow(n) for n in range(10)])\nprint(asyncio.run(main()))\n",
		"task_group.py":   "import asyncio, tools\nasync def main():\n    async with asyncio.TaskGroup() as group:\n        tasks = [group.create_task(tools.aio.slow(n)) for n in range(10)]\n    return [task.result() for task in tasks]\nprint(asyncio.run(main()))\n",
		"as_completed.py": "import asyncio, tools\nasync def main():\n    return sorted([await f for f in asyncio.as_completed([tools.aio.slow(n) for n in range(10)])])\nprint(asyncio.run(main()))\n",
		"to_thread.py":    "import asyncio, tools\nasync def main():\n    return await asyncio.gather(*[asyncio.to_thread(tools.slow, n) for n in range(10)])\nprint(asyncio.run(main()))\n",
		"pool_map.py":     "import tools\nfrom concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as pool:\n    print(list(pool.map(tools.slow, range(10))))\n",
		"pool_done.py":    "import tools\nfrom concurrent.futures import ThreadPoolExecutor, as_completed\nwith ThreadPoolExecutor(max_workers=10) as pool:\n    print(sorted(f.result() for f in as_completed([pool.submit(tools.slow, n=n) for n in range(10)])))\n",
		"requests.py":     "import requests\nfrom concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(max_workers=10) as pool:\n    texts = [r.text for r in pool.map(requests.get, [INPUT + '/slow'] * 10)]\nprint(list(range(10)) if texts == ['ok'] * 10 else texts)\n",
		"session.py":      "import requests\nfrom concurrent.futures import ThreadPoolExecutor\nwith requests.Session() as session, ThreadPoolExecutor(max_workers=10) as pool:\n    texts = [f.result().text for f in [pool.submit(session.get, INPUT + '/slow', timeout=5) for _ in range(10)]]\nprint(list(range(10)) if texts == ['ok'] * 10 else texts)\n",
		"all.js":          "console.log(JSON.stringify(await Promise.all([...Array(10).keys()].map((n) => tools.slow({ n })))).replaceAll(',', ', '));\n",
		"fetch.js":        "const texts = await Promise.all([...Array(10).keys()].map(async (n) => (await (await fetch(INPUT + '/slow')).text() === 'ok' ? n : -1)));\nconsole.log(JSON.stringify(texts).replaceAll(',', ', '));\n",
	}
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			best := time.Hour
			for range 5 {
				start := time.Now()
				r, err := attempt(t, rt, compiler.Source{Name: name, Text: []byte(program)}, o)
				if err != nil {
					t.Fatal(err)
				}
				if r.Stdout != "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n" {
					t.Fatalf("printed %s: %s", r.Stdout, r.Feedback(0))
				}
				if best = min(best, time.Since(start)); best < 300*time.Millisecond {
					return
				}
			}
			t.Errorf("took %v at best", best)
		})
	}
}

// What a program is told of its tools without calling one.
func TestToolsDescribed(t *testing.T) {
	rt := sharedRuntime(t)
	o := guestTools(t)
	for name, c := range map[string]struct{ program, want string }{
		"help.py":      {"import tools\nhelp(tools.search)\n", "search(query: str, limit: int = 10)"},
		"parameter.py": {"import tools\nhelp(tools.search)\n", "query: words to look for"},
		"all.py":       {"import tools\nhelp(tools)\n", "store.get(key: str)"},
		"doc.py":       {"import tools\nprint(tools.search.__doc__)\n", "Gives titles, best first."},
		"signature.py": {"import inspect, tools\nprint(list(inspect.signature(tools.search).parameters), inspect.signature(tools.search).parameters['limit'].default)\n", "['query', 'limit'] 10\n"},
		"repr.py":      {"import tools\nprint(tools.search, tools.store)\n", "<host function search(query: str, limit: int = 10)"},
		"dir.py":       {"import tools\nprint('search' in dir(tools), 'secret' in dir(tools), dir(tools.store))\n", "True False ['get']\n"},
		"star.py":      {"from tools import *\nprint(search('x'), store.get('a'))\n", "x 10 value of a\n"},
		"keys.js":      {"console.log(Object.keys(tools).includes('search'), 'secret' in tools, Object.keys(tools.store));\n", "true false [ 'get' ]\n"},
		"shown.js":     {"console.log(tools.search);\nconsole.log(`${tools.store.get}`);\n", "Searches the catalogue."},
		"list.js":      {"console.log(tools);\n", "store.get("},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := attempt(t, rt, compiler.Source{Name: name, Text: []byte(c.program)}, o)
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != runtime.Completed || !strings.Contains(r.Stdout, c.want) {
				t.Errorf("printed %q, which lacks %q: %s", r.Stdout, c.want, r.Feedback(0))
			}
		})
	}
}

package policies

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
)

// NewRequest makes the request that a built-in tool would make for its arguments, so that a policy can be asked without a program: for http it
// reads url and method, for fs path, for env name, for sql database, for kv key, for llm model, for run language, for packages.import name and version. Every other
// tool is its own resource. args may be nil.
func NewRequest(tool string, args map[string]any) (Request, error) {
	text := func(name string) string {
		s, _ := args[name].(string)
		return s
	}
	need := func(t ResourceType, action Action, name string) (Request, error) {
		id := text(name)
		if id == "" {
			return Request{}, fmt.Errorf("%s needs the argument %s, a text", tool, name)
		}
		return Request{Action: action, Resource: Resource{t, id}, Context: map[string]any{"args": args}}, nil
	}
	if args == nil {
		args = map[string]any{}
	}
	switch tool {
	case ActionHTTP:
		method := text("method")
		if method == "" {
			method = "GET"
		}
		r, err := HTTPRequest(method, text("url"))
		if err != nil {
			return Request{}, err
		}
		r.Context["args"] = args
		return r, nil
	case ActionFileRead, "fs.list", "fs.stat":
		return need(ResourcePath, ActionFileRead, "path")
	case ActionFileWrite, "fs.remove", "fs.mkdir":
		return need(ResourcePath, ActionFileWrite, "path")
	case "fs.rename":
		return need(ResourcePath, ActionFileWrite, "from")
	case ActionFileAppend:
		return need(ResourcePath, ActionFileAppend, "path")
	case ActionEnv:
		return need(ResourceVariable, ActionEnv, "name")
	case ActionQuery:
		return need(ResourceDatabase, ActionQuery, "database")
	case ActionKVGet:
		return need(ResourceKey, ActionKVGet, "key")
	case "kv.list":
		return Request{Action: ActionKVGet, Resource: Resource{ResourceKey, text("prefix")}, Context: map[string]any{"args": args}}, nil
	case ActionKVSet, "kv.delete", "kv.increment":
		return need(ResourceKey, ActionKVSet, "key")
	case ActionLLM:
		return need(ResourceModel, ActionLLM, "model")
	case ActionRun:
		return need(ResourceProgram, ActionRun, "language")
	case ActionPackage:
		r, err := need(ResourcePackage, ActionPackage, "name")
		if err == nil && args["version"] != nil {
			r.Context["version"] = args["version"]
		}
		return r, err
	}
	return Request{Action: tool, Resource: Resource{ResourceTool, tool}, Context: map[string]any{"args": args}}, nil
}

// HTTPRequest makes the request for a URL as the http tool makes it before it resolves the name. The tool adds args, and private and redirect
// once it knows them.
func HTTPRequest(method, rawURL string) (Request, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return Request{}, errors.New("the URL cannot be read")
	}
	scheme := strings.ToLower(u.Scheme)
	port := map[string]int{"http": 80, "https": 443}[scheme]
	if port == 0 || u.Hostname() == "" {
		return Request{}, fmt.Errorf("%q is no URL that begins with https:// or http:// and names a host", shorten(u.Redacted(), 80))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return Request{}, fmt.Errorf("%q is no port", shorten(p, 20))
		}
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return Request{Action: ActionHTTP, Resource: Resource{ResourceHost, u.Hostname()}, Context: map[string]any{
		"method": strings.ToUpper(method), "scheme": scheme, "port": port, "path": path, "query": u.RawQuery,
	}}, nil
}

// What says in words what a request is about: "GET https://api.example.com/v1/items", "reading /data/a.csv".
func (r Request) What() string {
	id := shorten(r.Resource.ID, 120)
	switch r.Action {
	case ActionHTTP:
		method, _ := r.Context["method"].(string)
		scheme, _ := r.Context["scheme"].(string)
		path, _ := r.Context["path"].(string)
		port := ""
		if p, ok := r.Context["port"].(int); ok && p != map[string]int{"http": 80, "https": 443}[scheme] {
			port = ":" + strconv.Itoa(p)
		}
		if strings.Contains(id, ":") {
			id = "[" + id + "]"
		}
		return strings.TrimSpace(shorten(method, 20) + " " + shorten(scheme, 20) + "://" + id + port + shorten(path, 120))
	case ActionFileRead:
		return "reading " + id
	case ActionFileWrite:
		return "writing " + id
	case ActionFileAppend:
		return "appending to " + id
	case ActionEnv:
		return "the variable " + id
	case ActionQuery:
		return "reading the database " + id
	case ActionKVGet, ActionKVSet:
		return map[Action]string{ActionKVGet: "reading", ActionKVSet: "writing"}[r.Action] + " the key " + id
	case ActionLLM:
		return "asking the model " + id
	case ActionRun:
		return "running a child program in " + id
	case ActionPackage:
		if version, _ := r.Context["version"].(string); version != "" {
			id += " " + shorten(version, 40)
		}
		return "importing the package " + id
	}
	return "the tool " + shorten(r.Action, 120)
}

// missing is the least addition to a document that would allow a request, as YAML on one line.
func (r Request) missing() string {
	id := r.Resource.ID
	switch r.Action {
	case ActionHTTP:
		method, _ := r.Context["method"].(string)
		scheme, _ := r.Context["scheme"].(string)
		path, _ := r.Context["path"].(string)
		host := id
		if p, ok := r.Context["port"].(int); ok && p != map[string]int{"http": 80, "https": 443}[strings.ToLower(scheme)] {
			if strings.Contains(host, ":") {
				host = "[" + host + "]"
			}
			host += ":" + strconv.Itoa(p)
		}
		parts := []string{"host: " + yamlText(host)}
		if m := strings.ToUpper(method); m != "" && m != "GET" && m != "HEAD" {
			parts = append(parts, "methods: ["+yamlText(m)+"]")
		}
		if path != "" {
			if normal, err := NormalPath(path); err == nil {
				parts = append(parts, "paths: ["+yamlText(normal)+"]")
			}
		}
		if strings.EqualFold(scheme, "http") {
			parts = append(parts, "schemes: [http]")
		}
		if r.Context["private"] == true {
			parts = append(parts, "private: true")
		}
		return "network: [{" + strings.Join(parts, ", ") + "}]"
	case ActionFileRead, ActionFileWrite, ActionFileAppend:
		access := map[Action]string{ActionFileRead: AccessRead, ActionFileWrite: AccessWrite, ActionFileAppend: AccessAppend}[r.Action]
		return "files: [{host: PATH, guest: " + yamlText(id) + ", access: " + access + "}]"
	case ActionEnv:
		return "environment: [" + yamlText(id) + "]"
	case ActionQuery:
		return "databases: [{name: " + yamlText(id) + ", file: PATH}]"
	case ActionKVGet, ActionKVSet:
		return "kv: {}"
	case ActionLLM:
		return "llm: {model: " + yamlText(id) + "}"
	case ActionRun:
		return "run: {}"
	case ActionPackage:
		return "packages: [" + yamlText(NormalPackage(id)) + "]"
	}
	return "tools: [{name: " + yamlText(r.Action) + "}]"
}

// request is the request that a question came from, in normal form.
func (q *question) asRequest() Request {
	context := maps.Clone(q.context)
	if context == nil {
		context = map[string]any{}
	}
	for _, name := range []string{"method", "scheme", "path", "private"} {
		if v, ok := q.attribute(name); ok {
			context[name] = v
		}
	}
	return Request{Principal: string(q.principal.ID), Action: q.action, Resource: Resource{q.kind, string(q.resource.ID)}, Context: context}
}

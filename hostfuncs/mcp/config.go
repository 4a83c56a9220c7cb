package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wand/policies/nearest"
)

// Config says which servers there are and how they are reached. Load and Parse read it from an mcpServers file.
type Config struct {
	// Servers by name. Their tools are called NAME.TOOL, both as Name writes them.
	Servers map[string]Server
	// Dir is what relative paths in Servers count from. Default: the working directory.
	Dir string
	// Lookup resolves ${NAME} in the strings of Servers. Default: nothing is known, so that each placeholder is an error.
	Lookup func(name string) (string, bool)
	// Wanted says whether the server whose tools begin with PREFIX. is needed; others are not started. Default: all are.
	Wanted func(prefix string) bool
	// StartTimeout is how long a server may take until its tools are listed. Default 30 s.
	StartTimeout time.Duration
	// MaxMessage bounds one message of a server, in bytes; a larger answer is an error of its call. Default 16 MiB.
	MaxMessage int64
	// Problem hears of what goes wrong after Open, in the owner's words: they may name commands and quote what a server wrote to its standard
	// error. It must not block. Default: nobody is told.
	Problem func(error)
}

// Server is one entry of an mcpServers file: a command or a URL.
type Server struct {
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
	Cwd     string            `json:"cwd"`

	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`

	// Type is stdio, http, streamable-http or sse. Default: stdio with a command, http with a URL.
	Type string `json:"type"`
	// Disabled leaves the server out.
	Disabled bool `json:"disabled"`
}

// maxFile bounds an mcpServers file, maxServers the servers in it.
const (
	maxFile    = 1 << 20
	maxServers = 100
)

// Load reads an mcpServers file. Relative paths in it count from its own folder.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Config{}, err
	}
	c, err := Parse(text)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	c.Dir, err = filepath.Abs(filepath.Dir(path))
	return c, err
}

// foreign are keys of a server that other clients put there and that mean nothing here: which tools may be called, how often and for how long, is for
// the policy to say.
var foreign = []string{
	"alwaysAllow", "alwaysLoad", "authorization", "autoApprove", "autoStart", "cache_tools_list", "description", "dev", "disabledTools", "disabled_tools", "displayName",
	"enabled_tools", "excludeTools", "gallery", "icon", "iconUrl", "id", "includeTools", "isActive", "metadata", "name", "note", "oauth", "scopes", "source", "startupTimeout",
	"startup_timeout_sec", "tags", "timeout", "title", "tool_timeout_sec", "tools", "trust", "version",
}

// Parse reads the text of an mcpServers file: JSON, at most 1 MiB, at most 100 servers. Keys that other clients use are passed over; a key that nobody uses is
// an error, and so is one whose neglect would change what runs (envFile).
func Parse(text []byte) (Config, error) {
	if len(text) > maxFile {
		return Config{}, fmt.Errorf("the file is larger than %d bytes", maxFile)
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	top, err := object(text)
	if err != nil {
		return Config{}, err
	}
	list, ok := top["mcpServers"]
	if !ok {
		if list, ok = top["servers"]; !ok {
			return Config{}, errors.New(`the key "mcpServers" is missing; write {"mcpServers": {"NAME": {"command": "...", "args": []}}}`)
		}
	}
	servers, err := object(list)
	if err != nil {
		return Config{}, fmt.Errorf("mcpServers: %w", err)
	}
	if len(servers) > maxServers {
		return Config{}, fmt.Errorf("mcpServers: %d servers; at most %d are taken", len(servers), maxServers)
	}
	c := Config{Servers: make(map[string]Server, len(servers))}
	var errs []error
	prefixes := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		s, err := parseServer(servers[name])
		if prefix := Name(name); prefix == "" {
			err = errors.Join(err, errors.New("a server needs a name"))
		} else if other, taken := prefixes[prefix]; taken {
			err = errors.Join(err, fmt.Errorf("its tools would be called %s.TOOL, as those of server %q; rename one", prefix, other))
		} else {
			prefixes[prefix] = name
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("server %q: %w", clip(name, 100), err))
			continue
		}
		c.Servers[name] = s
	}
	return c, errors.Join(errs...)
}

func parseServer(text json.RawMessage) (Server, error) {
	keys, err := object(text)
	if err != nil {
		return Server{}, err
	}
	known := []string{"args", "command", "cwd", "disabled", "enabled", "env", "headers", "httpUrl", "serverUrl", "transport", "type", "url"}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		switch {
		case slices.Contains(known, key) || slices.Contains(foreign, key):
		case key == "envFile" || key == "headersHelper" || key == "inputs":
			errs = append(errs, fmt.Errorf("%q is not supported; write the values under env or headers, as ${NAME} where they are secret", key))
		default:
			hint := ""
			if best := nearest.Name(key, slices.Clone(known)); best != "" {
				hint = fmt.Sprintf("; did you mean %q?", best)
			}
			errs = append(errs, fmt.Errorf("unknown key %q%s", clip(key, 60), hint))
		}
	}
	var s struct {
		Server
		Enabled   *bool           `json:"enabled"`
		HTTPURL   string          `json:"httpUrl"`
		ServerURL string          `json:"serverUrl"`
		Transport json.RawMessage `json:"transport"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			err = fmt.Errorf("%s is a %s; it must be a %s", wrong.Field, wrong.Value, wrong.Type)
		}
		return Server{}, errors.Join(append(errs, err)...)
	}
	for _, u := range []string{s.HTTPURL, s.ServerURL} {
		if u != "" && s.URL != "" {
			errs = append(errs, errors.New("it has two URLs"))
		} else if u != "" {
			s.URL = u
		}
	}
	if len(s.Transport) > 0 && s.Type == "" && json.Unmarshal(s.Transport, &s.Type) != nil {
		errs = append(errs, errors.New("transport is not a text; write \"type\" instead"))
	}
	if s.Enabled != nil && !*s.Enabled {
		s.Disabled = true
	}
	errs = append(errs, s.check())
	return s.Server, errors.Join(errs...)
}

// check completes Type and refuses what cannot work.
func (s *Server) check() error {
	switch {
	case s.Command == "" && s.URL == "":
		return errors.New(`it needs a "command" or a "url"`)
	case s.Command != "" && s.URL != "":
		return errors.New(`it has a "command" and a "url"; it can have one of them`)
	}
	switch strings.ToLower(s.Type) {
	case "":
		s.Type = "stdio"
		if s.URL != "" {
			s.Type = "http"
		}
	case "stdio", "sse":
		s.Type = strings.ToLower(s.Type)
	case "http", "streamable-http", "streamablehttp", "streamable_http":
		s.Type = "http"
	default:
		return fmt.Errorf("type %q is unknown; it is stdio, http, streamable-http or sse", clip(s.Type, 60))
	}
	if (s.Type == "stdio") != (s.Command != "") {
		return fmt.Errorf(`type %s does not go with what it has: stdio goes with "command", http and sse with "url"`, s.Type)
	}
	if s.Type == "stdio" {
		if len(s.Headers) > 0 {
			return errors.New(`"headers" go with a "url"; a command takes "env"`)
		}
		for name, value := range s.Env {
			if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
				return fmt.Errorf("env: %q cannot be a variable", clip(name, 60))
			}
		}
		return nil
	}
	if len(s.Args) > 0 || len(s.Env) > 0 || s.Cwd != "" {
		return errors.New(`"args", "env" and "cwd" go with a "command"; a URL takes "headers"`)
	}
	if strings.Contains(s.URL, "${") {
		return nil // looked at when it is complete
	}
	return checkURL(s.URL)
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("its url must be an http:// or https:// address with a host")
	}
	return nil
}

// object is a JSON object by key. encoding/json would let the second of two equal keys win in silence.
func object(text json.RawMessage) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	t, err := d.Token()
	if err != nil {
		return nil, jsonError(text, err)
	}
	if t != json.Delim('{') {
		return nil, errors.New("it must be a JSON object, in braces")
	}
	m := map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, jsonError(text, err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, jsonError(text, err)
		}
		if _, twice := m[key.(string)]; twice {
			return nil, fmt.Errorf("the key %q stands there twice", clip(key.(string), 60))
		}
		m[key.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, jsonError(text, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is something after the end of the object")
	}
	return m, nil
}

func jsonError(text []byte, err error) error {
	at := int64(len(text))
	var s *json.SyntaxError
	if errors.As(err, &s) {
		at = min(s.Offset, at)
	}
	return fmt.Errorf("line %d: not JSON: %w", bytes.Count(text[:at], []byte("\n"))+1, err)
}

// resolved is a server without placeholders, and what stood for each: the way back, for messages.
func (c *Config) resolved(s Server) (Server, []string, error) {
	var values []string
	var err error
	expand := func(text string) string {
		out, problem := c.expand(text, &values)
		if err == nil {
			err = problem
		}
		return out
	}
	s.Command, s.Cwd, s.URL = expand(s.Command), expand(s.Cwd), expand(s.URL)
	s.Args = slices.Clone(s.Args)
	for i := range s.Args {
		s.Args[i] = expand(s.Args[i])
	}
	s.Env, s.Headers = maps.Clone(s.Env), maps.Clone(s.Headers)
	for _, m := range []map[string]string{s.Env, s.Headers} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			m[k] = expand(m[k])
		}
	}
	if err == nil {
		err = s.check()
	}
	if err == nil && s.URL != "" {
		err = checkURL(s.URL)
	}
	return s, values, err
}

// expand replaces ${NAME}, ${env:NAME} and ${NAME:-default}. Any other ${ is an error; $ alone stands for itself.
func (c *Config) expand(text string, values *[]string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		inner, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", errors.New("a ${ has no closing }")
		}
		text = after
		name, fallback, hasDefault := strings.Cut(strings.TrimPrefix(inner, "env:"), ":-")
		if !isVariable(name) {
			return "", fmt.Errorf("${%s} is not understood; write ${NAME} or ${NAME:-default}", clip(inner, 60))
		}
		value, ok := "", false
		if c.Lookup != nil {
			value, ok = c.Lookup(name)
		}
		switch {
		case ok && strings.ContainsAny(value, "\x00\r\n"):
			return "", fmt.Errorf("the value of %s has a line break or a NUL in it", name)
		case ok:
			*values = append(*values, value, "${"+name+"}")
		case hasDefault:
			value = fallback
		default:
			return "", fmt.Errorf("it needs the variable %s, which has no value here", name)
		}
		b.WriteString(value)
	}
}

func isVariable(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != "" && len(name) <= 200
}

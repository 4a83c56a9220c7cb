// Package mcp makes tools of MCP servers: a client of the official SDK that starts servers named in a standard mcpServers file, or reaches them over
// HTTP, and offers each of their tools as a hostfuncs.Definition called SERVER.TOOL. The command and embedders open one Client and put its tools into
// a registry; any number of runs share it. It imports hostfuncs and policies/nearest.
//
// # What a server gets
//
// A server process runs with the rights of the owner, outside of any sandbox: configuring it is trusting it as much as any other program. Its environment
// has PATH, HOME, LANG, LC_ALL, TZ and TMPDIR of the host (on Windows PATH, PATHEXT, the system's and the profile's folders) and what the file gives it,
// nothing else. Values in args can be read in the system's list of processes; secrets belong into env or headers. It leads a process group, which ends with
// it. It is not offered sampling, elicitation or roots.
//
// # What is not trusted
//
// What a server writes ends up in front of a model: descriptions and errors lose control and invisible characters and are bounded. Schemas are freed of what
// would make checking a value endless (schema.go). Messages beyond Config.MaxMessage are thrown away while they are read. Whether a tool is read-only
// is what the server says of it; a policy that depends on it believes the server.
package mcp

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"wand/hostfuncs"
)

// Client holds the connections to servers. It is safe for concurrent use.
type Client struct {
	config   Config
	lifetime context.Context
	end      context.CancelFunc
	servers  []*server // by name
}

// Defaults of a Config, and how old the list of tools of a server may be that cannot say when it changes.
const (
	defaultStart   = 30 * time.Second
	defaultMessage = 16 << 20
	listAge        = time.Minute
)

// Open starts the servers of a configuration side by side and lists their tools. The Client is never nil and works for the servers that did start; the
// error tells of the others, each a *ServerError, and of tools that cannot be used. Close ends it.
func Open(ctx context.Context, c Config) (*Client, error) {
	if c.StartTimeout <= 0 {
		c.StartTimeout = defaultStart
	}
	if c.MaxMessage <= 0 {
		c.MaxMessage = defaultMessage
	}
	cl := &Client{config: c}
	cl.lifetime, cl.end = context.WithCancel(context.WithoutCancel(ctx))
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return cl, err
	}
	prefixes := map[string]string{}
	var errs []error
	for _, name := range sortedKeys(c.Servers) {
		s := &server{client: cl, name: name, prefix: Name(name), config: c.Servers[name], dir: dir, hidden: strings.NewReplacer()}
		if s.config.Disabled || c.Wanted != nil && !c.Wanted(s.prefix) {
			continue
		}
		if other, taken := prefixes[s.prefix]; taken || s.prefix == "" {
			errs = append(errs, s.problem(fmt.Errorf("its tools would be called %s.TOOL, as those of server %q; rename one", s.prefix, other)))
			continue
		}
		prefixes[s.prefix] = name
		cl.servers = append(cl.servers, s)
	}
	errs = append(errs, cl.each(func(s *server) []error {
		n, err := s.session(ctx)
		if err != nil {
			return []error{err}
		}
		return s.relist(ctx, n)
	})...)
	return cl, errors.Join(errs...)
}

// each does something with all servers at once.
func (c *Client) each(do func(*server) []error) []error {
	errs := make([][]error, len(c.servers))
	var all sync.WaitGroup
	for i, s := range c.servers {
		all.Go(func() { errs[i] = do(s) })
	}
	all.Wait()
	return slices.Concat(errs...)
}

// Definitions returns the tools of all servers, as they were listed last. They work until Close; the list is the caller's.
func (c *Client) Definitions() []*hostfuncs.Definition {
	var all []*hostfuncs.Definition
	for _, s := range c.servers {
		s.mu.Lock()
		for _, d := range s.tools {
			copied := *d
			all = append(all, &copied)
		}
		s.mu.Unlock()
	}
	return all
}

// Refresh lists the tools again of servers that said theirs changed, were restarted, or cannot say so and were asked more than a minute ago. Tools of a run that has begun
// stay what they are. The error is as that of Open; servers that cannot be asked keep the tools they had.
func (c *Client) Refresh(ctx context.Context) error {
	return errors.Join(c.each(func(s *server) []error {
		s.mu.Lock()
		n := s.current
		due := s.stale || s.config.Type != "stdio" && time.Since(s.listed) > listAge
		s.mu.Unlock()
		if n == nil || !due {
			return nil
		}
		return s.relist(ctx, n)
	})...)
}

// Close ends all servers, and whatever they started. Calls under way fail. It takes at most a few seconds.
func (c *Client) Close() error {
	c.end()
	c.each(func(s *server) []error { s.close(); return nil })
	return nil
}

// ServerError says what is wrong with a server, for its owner: it may name the command, and what the server wrote to its standard error.
type ServerError struct {
	Server string
	Err    error
	Stderr string // the last 64 KiB
}

// Error implements error. It ends with the last lines that the server wrote.
func (e *ServerError) Error() string {
	text := fmt.Sprintf("MCP server %s: %v", e.Server, e.Err)
	if last := clean(e.Stderr[max(0, len(e.Stderr)-1000):], 1000); last != "" {
		text += "; its last words: " + last
	}
	return text
}

// Unwrap returns the cause.
func (e *ServerError) Unwrap() error { return e.Err }

package policies

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Allow makes a policy of what the command's --allow says: TOOL[:RESOURCE].
//
//	http:api.example.com                  GET and HEAD over https to the host
//	http:https://api.example.com/v1/*     only these paths; http:// and a port as in a URL
//	http:POST,GET https://api.example.com other methods, before a space
//	http                                  any public host
//	fs:./data                             reading; the guest sees /data
//	fs:./out:write  fs:./log:append       writing, appending
//	fs:./data:/input:read                 another path in the guest
//	env:LANG  env:MODE=test               a variable
//	sql:./sales.db  sql:sales=./s.db      a database
//	kv  kv:./agent.db                     the key-value store
//	llm:MODEL                             a model, with the key in OPENAI_API_KEY
//	run                                   child programs
//	package:sympy  package:networkx>=3    a package of the store
//	mail.send  github.*                   any other tool by name; clock, random and log as a whole
//
// Host paths count from the working folder. An address that is not public, or localhost, is granted when it is named. The error is an *Error
// whose findings have the argument as Path.
func Allow(specs ...string) (*Policy, error) {
	p := &Policy{Version: 1, Name: "allow", Sources: []string{"--allow"}}
	var f findings
	for _, spec := range specs {
		if hint, err := p.allow(spec); err != nil {
			f.addf(Origin{Path: "--allow " + shorten(spec, 80)}, hint, "%s", err.Error())
		}
	}
	c := &checker{findings: &f}
	if f.err() == nil {
		c.check(p)
		c.conflicts(p)
	}
	return p, f.err()
}

func (p *Policy) allow(spec string) (hint string, err error) {
	tool, resource, has := strings.Cut(spec, ":")
	needs := func(example string) (string, error) {
		return "write it like " + example, fmt.Errorf("%s needs to be told what", tool)
	}
	switch tool {
	case "http":
		if !has {
			resource = "*"
		}
		return p.allowHTTP(resource)
	case "fs":
		if resource == "" {
			return needs("fs:./data or fs:./out:write")
		}
		return p.allowFile(resource)
	case "env":
		if resource == "" {
			return needs("env:LANG")
		}
		var g EnvironmentGrant
		if err := g.UnmarshalText([]byte(resource)); err != nil {
			return "", err
		}
		p.Environment = append(p.Environment, g)
		return "", nil
	case "sql":
		if resource == "" {
			return needs("sql:./sales.db")
		}
		name, file, ok := strings.Cut(resource, "=")
		if !ok {
			file = resource
			name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		}
		file, err := filepath.Abs(file)
		p.Databases = append(p.Databases, Database{Name: name, File: file})
		return "", err
	case "kv":
		p.KV = &KV{}
		if resource != "" {
			p.KV.File, err = filepath.Abs(resource)
		}
		return "", err
	case "package":
		if resource == "" {
			return needs("package:sympy or package:networkx>=3")
		}
		var g PackageGrant
		if err := g.UnmarshalText([]byte(resource)); err != nil {
			return "", err
		}
		p.Packages = append(p.Packages, g)
		return "", nil
	case "llm":
		if resource == "" {
			return needs("llm:gpt-4o-mini")
		}
		p.LLM = &LLM{Model: resource, Key: "OPENAI_API_KEY"}
		return "", nil
	}
	if has {
		return "only http, fs, env, sql, kv, llm and package take one", fmt.Errorf("%s takes nothing after a colon", shorten(tool, 40))
	}
	switch tool {
	case "run":
		p.Run = &Run{}
	case "clock", "random", "log":
		p.Tools = append(p.Tools, ToolGrant{Name: tool + ".*"})
	default:
		p.Tools = append(p.Tools, ToolGrant{Name: tool})
	}
	return "", nil
}

func (p *Policy) allowHTTP(resource string) (string, error) {
	const example = "write it like http:api.example.com or http:https://api.example.com/v1/*"
	g := NetworkGrant{}
	if methods, rest, ok := strings.Cut(resource, " "); ok {
		g.Methods, resource = strings.Split(methods, ","), strings.TrimSpace(rest)
	}
	g.Host = resource
	if strings.Contains(resource, "://") {
		u, err := url.Parse(resource)
		if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !slices.Contains([]string{"http", "https"}, u.Scheme) {
			return example, fmt.Errorf("%q is no URL of a scheme, a host and a path", shorten(resource, 80))
		}
		g.Host, g.Schemes = u.Host, []string{u.Scheme}
		if path := u.EscapedPath(); path != "" && path != "/" {
			// A path is meant as it stands; everything below it is asked for with a star.
			g.Paths = []string{path}
		}
	}
	h, hint, err := parseHost(g.Host)
	if err != nil {
		return hint, err
	}
	a, err := netip.ParseAddr(h.name)
	g.Private = err == nil && !PublicAddress(a) || h.name == "localhost" || strings.HasSuffix(h.name, ".localhost")
	if len(g.Schemes) == 0 && g.Private {
		g.Schemes = []string{"https", "http"}
	}
	p.Network = append(p.Network, g)
	return "", nil
}

func (p *Policy) allowFile(resource string) (string, error) {
	g := FileGrant{Access: AccessRead}
	if i := strings.LastIndexByte(resource, ':'); i > 0 && slices.Contains([]string{AccessRead, AccessAppend, AccessWrite}, resource[i+1:]) {
		g.Access, resource = resource[i+1:], resource[:i]
	}
	// What follows a colon and a slash is a guest path; a drive letter is followed by another sign.
	if i := strings.LastIndex(resource, ":/"); i > 1 {
		g.Guest, resource = resource[i+1:], resource[:i]
	}
	if i := strings.LastIndexByte(resource, ':'); i > 1 {
		return "read, append or write", fmt.Errorf("%q is no access", shorten(resource[i+1:], 40))
	}
	var err error
	if g.Host, err = filepath.Abs(resource); err != nil {
		return "", err
	}
	p.Files = append(p.Files, g)
	return "", nil
}

// Package builtin opens what a policy grants: it turns the sections of the document into the built-in tools, and into what a run gets without calling
// one: mounted files, environment variables, a clock. The runtime opens a Kit once for a policy and begins each run with it. It is the one place that
// knows both the policy document and the rooms of hostfuncs.
package builtin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/clock"
	"wand/hostfuncs/command"
	"wand/hostfuncs/env"
	"wand/hostfuncs/fs"
	"wand/hostfuncs/http"
	"wand/hostfuncs/kv"
	"wand/hostfuncs/llm"
	"wand/hostfuncs/log"
	"wand/hostfuncs/mcp"
	"wand/hostfuncs/random"
	"wand/hostfuncs/sql"
	"wand/policies"
)

// Config says what to open.
type Config struct {
	// Engine is the compiled policy.
	Engine *policies.Engine
	// LookupEnv finds environment variables of the host that the policy names. Default: os.LookupEnv.
	LookupEnv func(name string) (value string, ok bool)
	// Problem hears of what goes wrong later and is the owner's to know, such as an MCP server that ended. It must not block. Default: nobody does.
	Problem func(error)
}

// Kit is what a policy grants, opened. It is shared by any number of runs.
type Kit struct {
	Tools       *hostfuncs.Registry
	Secrets     *hostfuncs.Secrets
	Environment map[string]string

	policy  *policies.Policy
	closers []io.Closer
}

// Open opens what the policy grants. The error names every part that cannot be opened: a secret or a variable that is not set, a folder, database or
// MCP server that is not there.
func Open(ctx context.Context, c Config) (_ *Kit, err error) {
	if c.LookupEnv == nil {
		c.LookupEnv = os.LookupEnv
	}
	if c.Problem == nil {
		c.Problem = func(error) {}
	}
	k := &Kit{policy: c.Engine.Policy(), Environment: map[string]string{}}
	defer func() {
		if err != nil {
			k.Close()
		}
	}()
	var errs []error
	values, secretErrs := k.secrets(c.LookupEnv)
	errs = append(errs, secretErrs...)
	if k.Secrets, err = hostfuncs.NewSecrets(values); err != nil {
		errs = append(errs, err)
	}
	for _, g := range k.policy.Environment {
		value, ok := g.Value, g.Set
		if !ok {
			value, ok = c.LookupEnv(g.Name)
		}
		if ok { // a variable that the host does not have, the program does not have either
			k.Environment[g.Name] = value
		}
	}
	for _, g := range k.policy.Files {
		if _, err := os.Stat(g.Host); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", g.Origin, err))
		}
	}
	definitions, toolErrs := k.tools(ctx, c)
	errs = append(errs, toolErrs...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if k.Tools, err = hostfuncs.NewRegistry(definitions...); err != nil {
		return nil, err
	}
	return k, nil
}

// secrets finds the values of all secrets that the policy uses.
func (k *Kit) secrets(lookup func(string) (string, bool)) (map[string]string, []error) {
	p := k.policy
	used := map[string]string{} // by whom, for the error
	for i := range p.Network {
		g := &p.Network[i]
		for _, template := range g.Secrets {
			names, err := policies.SecretNames(template)
			if err != nil {
				continue // Compile has refused it
			}
			for _, name := range names {
				used[name] = g.Origin.String()
			}
		}
	}
	if p.LLM != nil && p.LLM.Key != "" {
		used[p.LLM.Key] = p.LLM.Origin.String()
	}
	for name, s := range p.Secrets {
		if _, ok := used[name]; !ok {
			used[name] = s.Origin.String()
		}
	}
	values := map[string]string{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(used)) {
		s := p.Secrets[name]
		if s.File != "" {
			text, err := readSecret(s.File)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: secret %s: %w", used[name], name, err))
			}
			values[name] = text
			continue
		}
		variable := s.Env
		if variable == "" {
			variable = name
		}
		value, ok := lookup(variable)
		if !ok || value == "" {
			errs = append(errs, fmt.Errorf("%s: secret %s is not there: set the environment variable %s, or say under secrets where it comes from", used[name], name, variable))
			continue
		}
		values[name] = value
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return values, nil
}

// maxSecret bounds a file that holds a secret, in bytes.
const maxSecret = 64 << 10

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecret {
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxSecret)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// tools makes the built-in tools. Those that work without configuration are always there, so that a program that is refused one hears why; which of
// them it may call is the policy's to say.
func (k *Kit) tools(ctx context.Context, c Config) (list []*hostfuncs.Definition, errs []error) {
	p := k.policy
	add := func(closer io.Closer, err error, tools func() []*hostfuncs.Definition) {
		if err != nil {
			errs = append(errs, err)
			return
		}
		if closer != nil {
			k.closers = append(k.closers, closer)
		}
		list = append(list, tools()...)
	}
	add(nil, nil, clock.New(clock.Config{}).Tools)
	add(nil, nil, random.New(random.Config{}).Tools)
	add(nil, nil, log.New(log.Config{}).Tools)
	add(nil, nil, env.New(env.Config{Variables: k.Environment}).Tools)
	add(nil, nil, fs.Tools)
	client := http.New(http.Config{})
	add(client, nil, client.Tools)

	var stored kv.Config
	if s := p.KV; s != nil {
		stored = kv.Config{File: s.File, Namespace: s.Namespace, Quota: int64(s.Quota)}
	}
	store, err := kv.Open(stored)
	add(store, err, store.Tools)
	var databases []sql.Database
	for _, d := range p.Databases {
		if _, err := os.Stat(d.File); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Origin, err))
			continue
		}
		databases = append(databases, sql.Database{Name: d.Name, File: d.File, MaxRows: int(d.MaxRows), Timeout: time.Duration(d.Timeout)})
	}
	data, err := sql.New(sql.Config{Databases: databases})
	add(nil, err, data.Tools)
	for i := range p.Commands {
		t, err := k.command(&p.Commands[i], c)
		if err != nil {
			err = fmt.Errorf("%s: %w", p.Commands[i].Origin, err)
		}
		add(nil, err, func() []*hostfuncs.Definition { return []*hostfuncs.Definition{t} })
	}
	if m := p.LLM; m != nil {
		key, _ := k.Secrets.Reveal(m.Key)
		model, err := llm.New(llm.Config{BaseURL: m.BaseURL, Model: m.Model, Key: key})
		add(nil, err, model.Tools)
	}
	if p.MCP != nil {
		servers, err := k.servers(ctx, c)
		if err != nil {
			err = fmt.Errorf("%s: %w", p.MCP.Origin, err)
		}
		add(servers, err, servers.Definitions)
	}
	return list, errs
}

// command makes the tool of a host command.
func (k *Kit) command(g *policies.Command, c Config) (*hostfuncs.Definition, error) {
	t := command.Command{
		Name: g.Name, Description: g.Description, Command: g.Command, Directory: g.Directory, Stdin: g.Stdin,
		Timeout: time.Duration(g.Timeout), MaxOutput: int64(g.MaxOutput), Problem: c.Problem,
	}
	for _, v := range g.Environment {
		value, ok := v.Value, v.Set
		if !ok {
			value, ok = c.LookupEnv(v.Name)
		}
		if ok {
			t.Environment = append(t.Environment, v.Name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g.Arguments)) {
		a := g.Arguments[name]
		t.Arguments = append(t.Arguments, command.Argument{
			Name: name, Description: a.Description, Type: a.Type, Pattern: a.Pattern, Enum: a.Enum, MaxLength: a.MaxLength,
			Minimum: a.Minimum, Maximum: a.Maximum, Optional: a.Optional,
		})
	}
	return command.New(t)
}

// servers starts the MCP servers whose tools some entry could grant. One that cannot be started leaves the others at work.
func (k *Kit) servers(ctx context.Context, c Config) (*mcp.Client, error) {
	config, err := mcp.Load(k.policy.MCP.Servers)
	if err != nil {
		return nil, err
	}
	config.Lookup, config.Problem = c.LookupEnv, c.Problem
	config.Wanted = func(prefix string) bool {
		return slices.ContainsFunc(k.policy.Tools, func(g policies.ToolGrant) bool {
			head, _, _ := strings.Cut(g.Name, "*")
			return strings.HasPrefix(prefix+".", head) || strings.HasPrefix(head, prefix+".")
		})
	}
	servers, err := mcp.Open(ctx, config)
	if err != nil && len(servers.Definitions()) == 0 {
		servers.Close()
		return nil, err
	}
	if err != nil {
		c.Problem(err)
	}
	return servers, nil
}

// Close closes what is open; calls under way fail.
func (k *Kit) Close() error {
	var errs []error
	for _, c := range slices.Backward(k.closers) {
		errs = append(errs, c.Close())
	}
	k.closers = nil
	return errors.Join(errs...)
}

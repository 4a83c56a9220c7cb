// Package log is the tools with which a program says what it is doing: structured entries that are kept for the report. The run's owner gives each run a
// Collector and reads it when the run is over. It imports only hostfuncs.
package log

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"wand/hostfuncs"
)

// What a Collector keeps.
const (
	MaxEntries    = 1000
	MaxEntryBytes = 8 << 10 // message and fields of one entry
	MaxBytes      = 256 << 10
)

// Entry is one call of a log tool.
type Entry struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"` // debug, info, warn or error
	Message string    `json:"message"`
	// Fields are the other named arguments of the call, as JSON.
	Fields map[string]json.RawMessage `json:"fields,omitempty"`
	// Truncated says that the entry was larger than MaxEntryBytes: the message was cut, or fields were left out.
	Truncated bool `json:"truncated,omitempty"`
}

// Collector keeps the entries of one run, the first ones when there are too many. It is safe for concurrent use. The zero value is usable.
type Collector struct {
	// Now gives the times of entries: the run's clock. Default: time.Now.
	Now func() time.Time

	mu      sync.Mutex
	entries []Entry
	bytes   int
	dropped int
}

// Entries returns what was kept, in the order of the calls.
func (c *Collector) Entries() []Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.entries)
}

// Dropped is how many entries were not kept, because there were MaxEntries or MaxBytes of them.
func (c *Collector) Dropped() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

func (c *Collector) add(level, message string, fields map[string]json.RawMessage) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	e := Entry{Time: now().UTC(), Level: level, Message: message}
	if len(message) > MaxEntryBytes {
		e.Message, e.Truncated = strings.ToValidUTF8(message[:MaxEntryBytes], ""), true
	}
	size := len(e.Message)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		n := len(name) + len(fields[name])
		if size+n > MaxEntryBytes {
			e.Truncated = true
			continue
		}
		if e.Fields == nil {
			e.Fields = map[string]json.RawMessage{}
		}
		e.Fields[strings.Clone(name)] = slices.Clone(fields[name])
		size += n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= MaxEntries || c.bytes+size > MaxBytes {
		c.dropped++
		return
	}
	c.entries = append(c.entries, e)
	c.bytes += size
}

type collectorKey struct{}

// With gives the calls under ctx the collector of their run.
func With(ctx context.Context, c *Collector) context.Context {
	return context.WithValue(ctx, collectorKey{}, c)
}

// Config of the tools. The zero value is usable.
type Config struct {
	// Collector is that of calls that With gave none. Default: they fail.
	Collector *Collector
}

// Log makes the tools.
type Log struct{ fallback *Collector }

// New returns the tools of a configuration.
func New(c Config) *Log { return &Log{c.Collector} }

const schema = `{"type": "object", "properties": {
	"message": {"type": "string", "description": "what happened; any other named argument is kept beside it"}
}, "required": ["message"], "additionalProperties": true}`

// Tools returns log.debug, log.info, log.warn and log.error.
func (l *Log) Tools() []*hostfuncs.Definition {
	var tools []*hostfuncs.Definition
	for _, level := range []string{"debug", "info", "warn", "error"} {
		d := hostfuncs.Dynamic("log."+level, "Keeps a line of level "+level+" for the run's report.", json.RawMessage(schema), func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
			return nil, l.call(ctx, level, args)
		})
		// It changes nothing outside of the run, so a dry run logs too.
		d.Effect = hostfuncs.ReadOnly
		tools = append(tools, d)
	}
	return tools
}

func (l *Log) call(ctx context.Context, level string, args json.RawMessage) error {
	c, ok := ctx.Value(collectorKey{}).(*Collector)
	if !ok {
		c = l.fallback
	}
	if c == nil {
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "this run keeps no log", Hint: "print the message instead"}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(args, &fields); err != nil {
		return err
	}
	var message string
	if err := json.Unmarshal(fields["message"], &message); err != nil {
		return err
	}
	delete(fields, "message")
	c.add(level, message, fields)
	return nil
}

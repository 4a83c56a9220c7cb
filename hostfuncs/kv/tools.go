package kv

import (
	"context"
	"encoding/json"
	"time"

	"wand/hostfuncs"
	"wand/policies"
)

// Page is the result of kv.list.
type Page struct {
	Keys []string `json:"keys" jsonschema:"in the order of their bytes"`
	More bool     `json:"more" jsonschema:"there are more: call again with the last key as after"`
}

const (
	getSchema = `{"type": "object", "properties": {
	"key": {"type": "string", "description": "at most 1024 bytes"},
	"default": {"description": "result when there is no such key; null if left out"}
}, "required": ["key"], "additionalProperties": false}`
	setSchema = `{"type": "object", "properties": {
	"key": {"type": "string", "description": "at most 1024 bytes"},
	"value": {"description": "anything that JSON can hold, at most 1 MiB"},
	"ttl": {"type": "number", "minimum": 0.001, "maximum": 315360000, "description": "seconds after which the key is gone; for good if left out"}
}, "required": ["key", "value"], "additionalProperties": false}`
)

// Tools returns kv.get, kv.set, kv.delete, kv.list and kv.increment. Reading asks the policy for the action kv.get and writing for kv.set, on the key; of
// kv.list it is the prefix. context.tool is the tool's own name.
func (s *Store) Tools() []*hostfuncs.Definition {
	get := hostfuncs.Dynamic("kv.get", "Returns the value of a key in the agent's store.", json.RawMessage(getSchema), func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var in struct {
			Key     string
			Default json.RawMessage
		}
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, err
		}
		value, err := s.of(ctx).Get(ctx, in.Key)
		if value == nil {
			value = in.Default
		}
		return value, err
	})

	set := hostfuncs.Dynamic("kv.set", "Gives a key in the agent's store a value, which later runs can read.", json.RawMessage(setSchema), func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var in struct {
			Key   string
			Value json.RawMessage
			TTL   float64
		}
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, err
		}
		ttl := min(time.Duration(in.TTL*float64(time.Second)), maxTTL)
		return nil, s.of(ctx).Set(ctx, in.Key, in.Value, ttl)
	})
	set.MaxArgs = 2*MaxValueBytes + 8*MaxKeyBytes

	remove := hostfuncs.Tool("kv.delete", "Removes a key from the agent's store. Returns whether it was there.", func(ctx context.Context, in struct {
		Key string `json:"key"`
	}) (bool, error) {
		return s.of(ctx).Delete(ctx, in.Key)
	})

	list := hostfuncs.Tool("kv.list", "Returns the keys of the agent's store that begin with a prefix.", func(ctx context.Context, in struct {
		Prefix string `json:"prefix" default:"" jsonschema:"what the keys begin with"`
		Limit  int    `json:"limit" default:"100" minimum:"1" maximum:"1000" jsonschema:"most keys to return"`
		After  string `json:"after" default:"" jsonschema:"return only keys greater than this one"`
	}) (Page, error) {
		keys, more, err := s.of(ctx).List(ctx, in.Prefix, in.Limit, in.After)
		return Page{keys, more}, err
	})

	increment := hostfuncs.Tool("kv.increment", "Adds to the integer under a key, 0 when there is none, and returns the sum. Calls side by side do not lose a count.", func(ctx context.Context, in struct {
		Key string `json:"key"`
		By  int64  `json:"by" default:"1" minimum:"-9007199254740991" maximum:"9007199254740991" jsonschema:"what to add"`
	}) (int64, error) {
		return s.of(ctx).Increment(ctx, in.Key, in.By)
	})

	get.Effect, list.Effect = hostfuncs.ReadOnly, hostfuncs.ReadOnly
	set.Effect, remove.Effect = hostfuncs.Idempotent, hostfuncs.Idempotent
	increment.Effect = hostfuncs.Destructive
	tools := []*hostfuncs.Definition{get, set, remove, list, increment}
	for _, d := range tools {
		action := policies.ActionKVSet
		if d.Effect == hostfuncs.ReadOnly {
			action = policies.ActionKVGet
		}
		d.Actions = []policies.Action{action}
		d.Requests = func(args json.RawMessage) ([]policies.Request, error) {
			var in struct{ Key, Prefix string }
			err := json.Unmarshal(args, &in)
			return keyRequest(d.Name, action, in.Key+in.Prefix), err // a tool has one or the other
		}
	}
	return tools
}

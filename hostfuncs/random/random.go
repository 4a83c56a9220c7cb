// Package random is the tools with which a program gets random values from the host. The source is the run's own: the system's secure one, or one that a seed
// determines, so that a run can be repeated. It imports only hostfuncs.
package random

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	randv2 "math/rand/v2"
	"sync"

	"wand/hostfuncs"
)

// NewSeeded returns a source that a seed determines (ChaCha8). It is safe for concurrent use; calls side by side share it in no certain order.
func NewSeeded(seed [32]byte) io.Reader {
	return &seeded{source: randv2.NewChaCha8(seed)}
}

type seeded struct {
	mu     sync.Mutex
	source *randv2.ChaCha8
}

func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Read(p)
}

type sourceKey struct{}

// With gives the calls under ctx the source of their run, which must be safe for concurrent use.
func With(ctx context.Context, source io.Reader) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// Config of the tools. The zero value is usable.
type Config struct {
	// Source is the source of calls that With gave none; it must be safe for concurrent use. Default: crypto/rand.
	Source io.Reader
}

// Random makes the tools.
type Random struct{ fallback io.Reader }

// New returns the tools of a configuration.
func New(c Config) *Random {
	if c.Source == nil {
		c.Source = rand.Reader
	}
	return &Random{c.Source}
}

// MaxBytes is the most that one call of random.bytes returns.
const MaxBytes = 64 << 10

const chooseSchema = `{"type": "object", "properties": {
	"items": {"type": "array", "minItems": 1, "description": "what to choose from"}
}, "required": ["items"], "additionalProperties": false}`

// Tools returns random.bytes, random.integer, random.float, random.choice and random.uuid.
func (r *Random) Tools() []*hostfuncs.Definition {
	tools := []*hostfuncs.Definition{
		hostfuncs.Tool("random.bytes", "Returns n random bytes.", func(ctx context.Context, in struct {
			N int `json:"n" jsonschema:"how many, at most 65536" minimum:"0" maximum:"65536"`
		}) ([]byte, error) {
			b := make([]byte, in.N)
			return b, r.draw(ctx, b)
		}),
		// Integers beyond 53 bits are not exact in every language.
		hostfuncs.Tool("random.integer", "Returns a random integer from min to max, both included.", func(ctx context.Context, in struct {
			Min int64 `json:"min" jsonschema:"least result" minimum:"-9007199254740991" maximum:"9007199254740991"`
			Max int64 `json:"max" jsonschema:"greatest result" minimum:"-9007199254740991" maximum:"9007199254740991"`
		}) (int64, error) {
			if in.Min > in.Max {
				return 0, &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: fmt.Sprintf("random.integer: min %d is greater than max %d", in.Min, in.Max), Hint: "give the smaller one first"}
			}
			n, err := r.below(ctx, uint64(in.Max-in.Min)+1)
			return in.Min + int64(n), err
		}),
		hostfuncs.Tool("random.float", "Returns a random number that is at least 0 and less than 1.", func(ctx context.Context, _ struct{}) (float64, error) {
			n, err := r.below(ctx, 1<<53)
			return float64(n) / (1 << 53), err
		}),
		hostfuncs.Dynamic("random.choice", "Returns one of the items of a list.", json.RawMessage(chooseSchema), func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
			var in struct{ Items []json.RawMessage }
			if err := json.Unmarshal(args, &in); err != nil {
				return nil, err
			}
			n, err := r.below(ctx, uint64(len(in.Items)))
			if err != nil {
				return nil, err
			}
			return in.Items[n], nil
		}),
		hostfuncs.Tool("random.uuid", "Returns a random UUID (version 4).", func(ctx context.Context, _ struct{}) (string, error) {
			var b [16]byte
			err := r.draw(ctx, b[:])
			b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
			return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), err
		}),
	}
	for _, t := range tools {
		t.Effect = hostfuncs.ReadOnly
	}
	return tools
}

// draw fills b.
func (r *Random) draw(ctx context.Context, b []byte) error {
	source, ok := ctx.Value(sourceKey{}).(io.Reader)
	if !ok {
		source = r.fallback
	}
	if _, err := io.ReadFull(source, b); err != nil {
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "the host's source of randomness failed"}
	}
	return nil
}

// below returns a uniform integer from 0 to n-1. n is not zero.
func (r *Random) below(ctx context.Context, n uint64) (uint64, error) {
	// Values from the last, incomplete multiple of n would be more likely than others: draw again.
	excess := (-n) % n
	for {
		var b [8]byte
		if err := r.draw(ctx, b[:]); err != nil {
			return 0, err
		}
		if v := binary.LittleEndian.Uint64(b[:]); v >= excess {
			return v % n, nil
		}
	}
}

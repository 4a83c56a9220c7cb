package meter_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/compiler/wasm/spectest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// slots returns a value as wazero takes it; ok is false when it is a pattern and not a value.
func slots(t *testing.T, v spectest.Value) (slots []uint64, ok bool) {
	t.Helper()
	number := func(s string, bits int) uint64 {
		if strings.HasPrefix(s, "-") {
			n, err := strconv.ParseInt(s, 10, bits)
			if err != nil {
				t.Fatal(err)
			}
			return uint64(n) & (math.MaxUint64 >> (64 - bits))
		}
		n, err := strconv.ParseUint(s, 10, bits)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	lanes := v.Lanes()
	if len(lanes) == 0 {
		return []uint64{0}, false
	}
	if v.Type == "v128" {
		bits := 128 / len(lanes)
		slots = make([]uint64, 2)
		for i, lane := range lanes {
			if strings.HasPrefix(lane, "nan") {
				return slots, false
			}
			slots[i*bits/64] |= number(lane, bits) << (i * bits % 64)
		}
		return slots, true
	}
	switch s := lanes[0]; {
	case strings.HasPrefix(s, "nan"):
		return []uint64{0}, false
	case s == "null":
		return []uint64{0}, true
	case v.Type == "externref":
		return []uint64{number(s, 64) + 1}, true // 0 is wazero's null
	case strings.HasSuffix(v.Type, "32"):
		return []uint64{number(s, 32)}, true
	default:
		return []uint64{number(s, 64)}, true
	}
}

// world runs a script with one engine, metered or not.
type world struct {
	rt    wazero.Runtime
	meter bool
	last  *specModule
	named map[string]*specModule
}

type specModule struct {
	api.Module
	metered bool
}

func newWorld(ctx context.Context, t *testing.T, config wazero.RuntimeConfig, meterIt bool, host []byte) *world {
	w := &world{rt: wazero.NewRuntimeWithConfig(ctx, config.WithCoreFeatures(features)), meter: meterIt, named: map[string]*specModule{}}
	newHost().install(ctx, t, w.rt)
	if _, err := w.rt.InstantiateWithConfig(ctx, host, wazero.NewModuleConfig().WithName("spectest")); err != nil {
		t.Fatal(err)
	}
	return w
}

// instantiate runs a module, metered if this world meters and the meter accepts it; refused says why not.
func (w *world) instantiate(ctx context.Context, bin []byte, name string) (m *specModule, refused, err error) {
	m = &specModule{}
	start := false
	if w.meter {
		decoded, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			refused = err
		} else if r, err := meter.Rewrite(decoded, meter.Options{}); err != nil {
			refused = err
		} else {
			bin, start, m.metered = r.Base(), r.Info.HasStart, true
		}
	}
	m.Module, err = w.rt.InstantiateWithConfig(ctx, bin, wazero.NewModuleConfig().WithName(name))
	if err == nil && start {
		_, err = m.ExportedFunction(meter.Start).Call(ctx)
	}
	return m, refused, err
}

func (w *world) module(name string) *specModule {
	if name != "" {
		return w.named[name]
	}
	return w.last
}

// act performs an action; types are those of the results.
func (w *world) act(ctx context.Context, t *testing.T, m *specModule, a spectest.Action) (results []uint64, types []api.ValueType, err error) {
	if a.Type == "get" {
		g := m.ExportedGlobal(a.Field)
		return []uint64{g.Get()}, []api.ValueType{g.Type()}, nil
	}
	var args []uint64
	for _, v := range a.Args {
		arg, _ := slots(t, v)
		args = append(args, arg...)
	}
	f := m.ExportedFunction(a.Field)
	if m.metered {
		// As if the counter had been left at any value: a run must not depend on it.
		m.ExportedGlobal(meter.GlobalFuel).(api.MutableGlobal).Set(0)
	}
	results, err = f.Call(ctx, args...)
	return results, f.Definition().ResultTypes(), err
}

// reason is the first line of an engine's error, which names the trap.
func reason(err error) string {
	if err == nil {
		return ""
	}
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

// specCounts is what the golden file records of one suite.
type specCounts struct {
	modules, metered             int
	returns, traps, exhaustions  int
	skipped                      int
	refusedByUs, refusedByEngine int // of modules that must be refused
	features                     map[string]int
}

// TestSpec runs the specification's test suite twice on each engine, metered and not: every assertion about a module that the
// meter accepts must have the same outcome, and every module that must be refused is.
func TestSpec(t *testing.T) {
	host, err := os.ReadFile(filepath.Join(spectest.Root(t), "testdata", "spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, suite := range spectest.Suites(t) {
		for i, e := range engines() {
			counts := specCounts{features: map[string]int{}}
			for _, script := range suite.Scripts {
				t.Run(suite.Name+"/"+e.name+"/"+strings.TrimSuffix(filepath.Base(script), ".json"), func(t *testing.T) {
					runSpec(t, script, e, host, &counts)
				})
			}
			if i > 0 {
				continue
			}
			fmt.Fprintf(&table, "%s: %d modules, %d metered; %d returns, %d traps, %d exhaustions as unmetered, %d of other modules skipped; "+
				"must be refused: %d by us, %d by the engine\n", suite.Name, counts.modules, counts.metered, counts.returns, counts.traps,
				counts.exhaustions, counts.skipped, counts.refusedByUs, counts.refusedByEngine)
			for _, feature := range slices.Sorted(maps.Keys(counts.features)) {
				fmt.Fprintf(&table, "  refused %4d %s\n", counts.features[feature], feature)
			}
		}
	}
	t.Log("\n" + table.String())
	golden := filepath.Join("testdata", "spec.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if table.String() != string(want) {
		t.Errorf("the table differs from %s (go test -update rewrites it):\n%s", golden, want)
	}
}

func runSpec(t *testing.T, file string, e engine, host []byte, counts *specCounts) {
	commands := spectest.Commands(t, file)
	ctx := context.Background()
	plain, metered := newWorld(ctx, t, e.config(), false, host), newWorld(ctx, t, e.config(), true, host)
	defer plain.rt.Close(ctx)
	defer metered.rt.Close(ctx)

	for i := 0; i < len(commands); i++ {
		c := &commands[i]
		where := fmt.Sprintf("%s:%d %s", filepath.Base(file), c.Line, c.Type)
		switch c.Type {
		case "module":
			name := ""
			if i+1 < len(commands) && commands[i+1].Type == "register" {
				i++
				name = commands[i].As
			}
			bin := c.Module(t, file)
			counts.modules++
			a, _, err := plain.instantiate(ctx, bin, name)
			if err != nil {
				t.Fatalf("%s: unmetered: %v", where, err)
			}
			b, refused, err := metered.instantiate(ctx, bin, name)
			if err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			if refused != nil {
				counts.refuse(t, where, refused)
			} else {
				counts.metered++
			}
			plain.last, metered.last = a, b
			if c.Name != "" {
				plain.named[c.Name], metered.named[c.Name] = a, b
			}
		case "assert_return", "action", "assert_trap", "assert_exhaustion", "assert_exception":
			m := metered.module(c.Action.Module)
			results, _, err := plain.act(ctx, t, plain.module(c.Action.Module), c.Action)
			got, types, gotErr := metered.act(ctx, t, m, c.Action)
			if !m.metered {
				counts.skipped++
				continue
			}
			if c.Type == "assert_exhaustion" {
				counts.exhaustions++
				m.ExportedGlobal(meter.GlobalDepth).(api.MutableGlobal).Set(0) // the suite goes on with an instance that a host discards
				if err == nil || !errors.Is(gotErr, errOverflow) && reason(gotErr) != reason(err) {
					t.Errorf("%s: %s, unmetered %s", where, reason(gotErr), reason(err))
				}
				continue
			}
			if reason(gotErr) != reason(err) {
				t.Errorf("%s: %q, unmetered %q", where, reason(gotErr), reason(err))
				continue
			}
			if c.Type == "assert_trap" {
				counts.traps++
				if gotErr == nil {
					t.Errorf("%s: no trap", where)
				}
				continue
			}
			counts.returns++
			if gotErr != nil {
				t.Errorf("%s: %v", where, gotErr)
				continue
			}
			compareResults(t, where, types, c.Expected, got, results)
		case "assert_invalid", "assert_malformed":
			_, err := wasm.Decode(c.Module(t, file), wasm.Limits{})
			if err != nil {
				counts.refusedByUs++
				continue
			}
			if _, refused, err := metered.instantiate(ctx, c.Module(t, file), ""); refused == nil && err == nil {
				t.Errorf("%s: accepted, want %q", where, c.Text)
			}
			counts.refusedByEngine++
		case "assert_unlinkable", "assert_uninstantiable":
			_, _, err := plain.instantiate(ctx, c.Module(t, file), "")
			_, refused, gotErr := metered.instantiate(ctx, c.Module(t, file), "")
			if (err == nil) != (gotErr == nil) {
				t.Errorf("%s: %v (refused: %v), unmetered %v", where, gotErr, refused, err)
			}
		default:
			t.Errorf("%s: unknown command", where)
		}
	}
}

func (c *specCounts) refuse(t *testing.T, where string, err error) {
	var e *wasm.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: not a *wasm.Error: %v", where, err)
	}
	feature := e.Feature
	if feature == "" {
		t.Errorf("%s: a valid module was called invalid: %v", where, err)
	}
	c.features[feature]++
}

// compareResults compares metered results with unmetered ones, and with those expected where they are plain values.
func compareResults(t *testing.T, where string, types []api.ValueType, expected []spectest.Value, got, plain []uint64) {
	t.Helper()
	if len(got) != len(plain) {
		t.Errorf("%s: %d results, unmetered %d", where, len(got), len(plain))
		return
	}
	p := 0
	for i, typ := range types {
		n := 1
		if typ == api.ValueType(wasm.V128) {
			n = 2
		}
		a, b := got[p:p+n], plain[p:p+n]
		p += n
		if typ == api.ValueTypeI32 || typ == api.ValueTypeF32 { // wazero leaves the upper half as it was
			a, b = []uint64{uint64(uint32(a[0]))}, []uint64{uint64(uint32(b[0]))}
		}
		if wasm.ValType(typ) == wasm.FuncRef {
			if (a[0] == 0) != (b[0] == 0) {
				t.Errorf("%s: result %d: %#x, unmetered %#x", where, i, a, b)
			}
			continue
		}
		if !slices.Equal(a, b) {
			t.Errorf("%s: result %d: %#x, unmetered %#x", where, i, a, b)
		}
		if i < len(expected) && wasm.ValType(typ) != wasm.ExternRef {
			if want, ok := slots(t, expected[i]); ok && !slices.Equal(a, want) {
				t.Errorf("%s: result %d: %#x, want %#x", where, i, a, want)
			}
		}
	}
}

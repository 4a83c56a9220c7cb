package enginetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/compiler/wasm/spectest"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

// SpecReport is how the specification's test suite went on an engine, metered.
type SpecReport struct {
	Suites []SpecSuite
	// Outcomes has a line for every assertion: where it stands, how it ended, and the fuel that it burned. Two engines must have the same lines.
	Outcomes []string
}

// SpecSuite counts one part of the suite.
type SpecSuite struct {
	Name            string
	Modules, Ran    int
	Returned        int // assertions about results that hold
	Trapped         int // assertions about traps that hold
	Exhausted       int // assertions that a recursion ends
	MustRefuse      int // modules that are invalid, malformed or cannot be linked, and are refused
	Skipped         map[string]int
	SkippedFeatures map[string]int
}

// String is one line, and one for each reason why something was skipped.
func (s SpecSuite) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d modules, %d ran; %d returns, %d traps, %d exhaustions, %d refusals as they must be\n", s.Name, s.Modules, s.Ran, s.Returned, s.Trapped, s.Exhausted, s.MustRefuse)
	for _, reason := range slices.Sorted(maps.Keys(s.SkippedFeatures)) {
		fmt.Fprintf(&b, "  refused %4d modules: %s\n", s.SkippedFeatures[reason], reason)
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Skipped)) {
		fmt.Fprintf(&b, "  skipped %4d assertions: %s\n", s.Skipped[reason], reason)
	}
	return b.String()
}

// Spec runs the specification's test suite, as wazero's module carries it, on an engine: each module that the house supports is metered as any program is, and
// every assertion about it must hold. Vectors and references do not pass an engine's interface; the assertions about them are compiled into functions of the
// module under test, which take nothing and give numbers.
func Spec(t *testing.T, e engine.Engine) *SpecReport {
	report := &SpecReport{}
	for _, suite := range spectest.Suites(t) {
		counts := SpecSuite{Name: suite.Name, Skipped: map[string]int{}, SkippedFeatures: map[string]int{}}
		for _, file := range suite.Scripts {
			t.Run(suite.Name+"/"+strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
				s := &specScript{t: t, engine: e, file: file, suite: &counts, report: report, named: map[string]*specModule{}, registered: map[string]*specModule{}}
				s.run()
			})
		}
		report.Suites = append(report.Suites, counts)
	}
	return report
}

// specCommand is a command of a script, with what becomes of its action.
type specCommand struct {
	spectest.Command
	function string // that was made for the action
	skip     string // why there is none
}

// specScript is a script under way.
type specScript struct {
	t          *testing.T
	engine     engine.Engine
	file       string
	suite      *SpecSuite
	report     *SpecReport
	last       *specModule
	named      map[string]*specModule
	registered map[string]*specModule
}

// specModule is a module of a script; code is nil when it is not supported.
type specModule struct {
	code     engine.Code
	instance engine.Instance
	decoded  *wasm.Module
	account  account
	unsure   string // why its state is not what the script says
	from     []*specModule
}

// doubt says why what the module does may not be what the script says.
func (m *specModule) doubt() string {
	for _, from := range m.from {
		if why := from.doubt(); why != "" {
			return why
		}
	}
	return m.unsure
}

// specFuel is far more than any script needs.
const specFuel = 1 << 40

func (s *specScript) run() {
	var commands []specCommand
	for _, c := range spectest.Commands(s.t, s.file) {
		commands = append(commands, specCommand{Command: c})
	}
	s.registered["spectest"] = &specModule{}
	for i := range commands {
		c := &commands[i]
		where := fmt.Sprintf("%s/%s:%d", s.suite.Name, filepath.Base(s.file), c.Line)
		switch c.Type {
		case "module":
			s.suite.Modules++
			m, refused, err := s.instantiate(c, concerning(commands[i+1:], c.Name))
			if err != nil {
				s.t.Fatalf("%s: %v", where, err)
			}
			if refused != "" {
				s.suite.SkippedFeatures[refused]++
			} else {
				s.suite.Ran++
			}
			s.last = m
			if c.Name != "" {
				s.named[c.Name] = m
			}
		case "register":
			s.registered[c.As] = s.module(c.Name)
		case "assert_return", "action", "assert_trap", "assert_exhaustion", "assert_exception":
			s.assert(where, c)
		case "assert_invalid", "assert_malformed":
			if _, err := wasm.Decode(c.Module(s.t, s.file), wasm.Limits{}); err == nil {
				s.t.Errorf("%s: accepted, and it is wrong: %s", where, c.Text)
			}
			s.suite.MustRefuse++
		case "assert_unlinkable", "assert_uninstantiable":
			if _, refused, err := s.instantiate(c, nil); err == nil && refused == "" {
				s.t.Errorf("%s: runs, and it must not: %s", where, c.Text)
			}
			s.suite.MustRefuse++
		default:
			s.t.Errorf("%s: unknown command %s", where, c.Type)
		}
	}
}

// concerning are the actions on a module: those that name it, and while it is the last one those that name none.
func concerning(rest []specCommand, name string) (list []*specCommand) {
	last := true
	for i := range rest {
		c := &rest[i]
		switch {
		case c.Type == "module":
			last = false
			if name == "" || c.Name == name {
				return list // what comes is about another
			}
		case c.Action.Type != "" && (c.Action.Module == "" && last || c.Action.Module != "" && c.Action.Module == name):
			list = append(list, c)
		}
	}
	return list
}

func (s *specScript) module(name string) *specModule {
	if name != "" {
		return s.named[name]
	}
	return s.last
}

// instantiate meters, compiles and starts a module. refused is the feature that is not supported.
func (s *specScript) instantiate(c *specCommand, actions []*specCommand) (m *specModule, refused string, err error) {
	m = &specModule{account: account{limit: specFuel, slice: 1_000_000}}
	decoded, err := wasm.Decode(c.Module(s.t, s.file), wasm.Limits{})
	if err == nil {
		decoded, err = withActions(decoded, actions)
	}
	var metered *meter.Metered
	if err == nil {
		metered, err = meter.Rewrite(decoded, meter.Options{MaxCallDepth: 500})
	}
	var not *wasm.Error
	if errors.As(err, &not) && not.Feature != "" {
		if decoded != nil {
			s.shared(decoded)
		}
		return m, not.Feature, nil
	}
	if err != nil {
		return m, "", err
	}
	m.decoded = decoded
	for _, im := range decoded.Imports {
		if from := s.registered[im.Module]; from != nil {
			m.from = append(m.from, from)
		}
	}
	ctx := context.Background()
	code, err := s.engine.Compile(ctx, metered.Base(), slices.Concat(meterHost(), s.host(decoded)), "")
	if err != nil {
		return m, "", err
	}
	s.t.Cleanup(func() { code.Close(ctx) })
	instance, err := code.Instantiate(ctx, engine.InstanceConfig{MaxMemory: engine.MaxMemory})
	if metered.Info.ElementsDoNotFit {
		if err == nil {
			instance.Close(ctx)
		}
		return m, "", &engine.Trap{Reason: engine.TrapTable} // what a runtime makes of it
	}
	if err != nil {
		return m, "", err
	}
	s.t.Cleanup(func() { instance.Close(ctx) })
	m.code, m.instance = code, instance
	if metered.Info.HasStart {
		if _, err := m.call(meter.Start, nil); err != nil {
			return m, "", err
		}
	}
	return m, "", nil
}

// shared notes that a module which is refused would have changed what others export.
func (s *specScript) shared(m *wasm.Module) {
	for _, im := range m.Imports {
		if from := s.registered[im.Module]; from != nil {
			from.unsure = "about state shared with a module that is refused"
		}
	}
}

// host gives a module what the script has registered. Only functions: the rest the meter refuses.
func (s *specScript) host(m *wasm.Module) (list []hostfuncs.Func) {
	for _, im := range m.Imports {
		from := s.registered[im.Module]
		if from == nil || im.Kind != wasm.ExternFunc {
			continue
		}
		typ := &m.Types[im.Func]
		f := hostfuncs.Func{Module: im.Module, Name: im.Name, Params: hostTypes(typ.Params), Results: hostTypes(typ.Results), Call: func(context.Context, []byte, []uint64) {}}
		switch {
		case from.instance == nil && im.Module == "spectest" && strings.HasPrefix(im.Name, "print"):
			params := map[string]string{"print": "", "print_i32": "i32", "print_i64": "i64", "print_f32": "f32", "print_f64": "f64", "print_i32_f32": "i32 f32", "print_f64_f64": "f64 f64"}
			if want, ok := params[im.Name]; !ok || want != typeWords(typ.Params) || len(typ.Results) > 0 {
				continue
			}
		case from.instance == nil:
			continue
		default:
			provided := exportedType(from.decoded, im.Name)
			if provided == nil || typeWords(provided.Params) != typeWords(typ.Params) || typeWords(provided.Results) != typeWords(typ.Results) {
				continue
			}
			f.Call = func(_ context.Context, _ []byte, stack []uint64) {
				if got, err := from.call(im.Name, stack); err != nil {
					panic(err)
				} else {
					copy(stack, got)
				}
			}
		}
		list = append(list, f)
	}
	return list
}

func typeWords(types []wasm.ValType) string {
	var words []string
	for _, t := range types {
		words = append(words, t.String())
	}
	return strings.Join(words, " ")
}

func hostTypes(types []wasm.ValType) (list []hostfuncs.ValueType) {
	for _, t := range types {
		list = append(list, hostfuncs.ValueType(t))
	}
	return list
}

func exportedType(m *wasm.Module, name string) *wasm.FuncType {
	for _, e := range m.Exports {
		if e.Kind == wasm.ExternFunc && e.Name == name {
			return functionTypeOf(m, e.Index)
		}
	}
	return nil
}

func functionTypeOf(m *wasm.Module, index uint32) *wasm.FuncType {
	for _, im := range m.Imports {
		if im.Kind != wasm.ExternFunc {
			continue
		}
		if index == 0 {
			return &m.Types[im.Func]
		}
		index--
	}
	return &m.Types[m.Functions[index]]
}

// call calls a function of the module, with fuel of its own. The suite goes on with instances that a host discards, so the depth is put back.
func (m *specModule) call(name string, args []uint64) ([]uint64, error) {
	m.account.granted = 0
	m.instance.Global(meter.GlobalFuel).Set(0)
	depth := m.instance.Global(meter.GlobalDepth)
	before := depth.Get()
	stack := make([]uint64, 1100) // parameters or results, the more of both
	copy(stack, args)
	err := m.instance.Call(context.WithValue(context.Background(), accountKey{}, &m.account), name, stack)
	depth.Set(before)
	return stack, err
}

func (m *specModule) used() int64 {
	return m.account.granted - int64(m.instance.Global(meter.GlobalFuel).Get())
}

// traps are the specification's words for ours.
var traps = map[string][]string{
	engine.TrapUnreachable: {"unreachable"}, engine.TrapMemory: {"out of bounds memory access"}, engine.TrapIndirectType: {"indirect call type mismatch", "indirect call"},
	engine.TrapTable:           {"out of bounds table access", "undefined element", "uninitialized element", "undefined", "uninitialized"},
	engine.TrapIndirectNull:    {"uninitialized element", "uninitialized"},
	engine.TrapIntegerOverflow: {"integer overflow"}, engine.TrapDivideByZero: {"integer divide by zero"}, engine.TrapConversion: {"invalid conversion to integer"},
	engine.TrapStack: {"call stack exhausted"},
}

func (s *specScript) assert(where string, c *specCommand) {
	m := s.module(c.Action.Module)
	if m == nil || m.instance == nil {
		s.suite.Skipped["about a module that is refused"]++
		return
	}
	if c.skip != "" {
		s.suite.Skipped[c.skip]++
		if m.unsure == "" && c.Action.Type == "invoke" {
			m.unsure = "after one that is skipped and may have changed the state"
		}
		return
	}
	if why := m.doubt(); why != "" {
		s.suite.Skipped[why]++
		return
	}
	got, err := m.call(c.function, nil)
	var trap *engine.Trap
	var stop *hostfuncs.Stop
	switch c.Type {
	case "assert_exhaustion":
		if !errors.As(err, &stop) || stop.Kind != hostfuncs.KindCallDepth {
			s.t.Errorf("%s: %v", where, err)
			return
		}
		s.suite.Exhausted++
	case "assert_trap":
		if !errors.As(err, &trap) || !slices.ContainsFunc(traps[trap.Reason], func(words string) bool { return strings.HasPrefix(c.Text, words) }) {
			s.t.Errorf("%s: %v, want a trap: %s", where, err, c.Text)
			return
		}
		s.suite.Trapped++
	default:
		if err != nil {
			s.t.Errorf("%s: %v", where, err)
			return
		}
		if wrong := mismatch(c.Expected, got); wrong != "" {
			s.t.Errorf("%s: %s", where, wrong)
			return
		}
		s.suite.Returned++
	}
	outcome := "returned"
	if trap != nil {
		outcome = trap.Reason
	} else if stop != nil {
		outcome = "stopped"
	}
	s.report.Outcomes = append(s.report.Outcomes, fmt.Sprintf("%s %s, %d units", where, outcome, m.used()))
}

// mismatch compares the numbers that a function for an action gives with what the script expects.
func mismatch(expected []spectest.Value, got []uint64) string {
	for i, want := range expected {
		lanes := want.Lanes()
		if want.Type == "v128" {
			for n := range lanes {
				bits := 128 / len(lanes)
				lane := got[n*bits/64] >> (n * bits % 64)
				if !sameNumber(lanes[n], lane, bits) {
					return fmt.Sprintf("result %d, lane %d: %#x, want %s", i, n, lane, lanes[n])
				}
			}
			got = got[2:]
			continue
		}
		bits := 64
		if strings.HasSuffix(want.Type, "32") || strings.HasSuffix(want.Type, "ref") {
			bits = 32
		}
		text := "null"
		if len(lanes) > 0 {
			text = lanes[0]
		}
		if strings.HasSuffix(want.Type, "ref") { // is it null?
			text = map[bool]string{true: "1", false: "0"}[text == "null"]
		}
		if !sameNumber(text, got[0], bits) {
			return fmt.Sprintf("result %d: %#x, want %s", i, got[0], text)
		}
		got = got[1:]
	}
	return ""
}

func sameNumber(want string, got uint64, bits int) bool {
	mask := uint64(math.MaxUint64) >> (64 - bits)
	got &= mask
	if kind, ok := strings.CutPrefix(want, "nan:"); ok {
		quiet, sign := uint64(0x7fc00000), uint64(1)<<31
		if bits == 64 {
			quiet, sign = 0x7ff8000000000000, 1<<63
		}
		return kind == "canonical" && got&^sign == quiet || kind == "arithmetic" && got&quiet == quiet
	}
	n, err := parseNumber(want)
	return err == nil && n&mask == got
}

func parseNumber(text string) (uint64, error) {
	if strings.HasPrefix(text, "-") {
		n, err := strconv.ParseInt(text, 10, 64)
		return uint64(n), err
	}
	return strconv.ParseUint(text, 10, 64)
}

// withActions gives a module a function for each action: it takes nothing, calls what the action calls with the action's arguments, and gives the results as
// numbers, a vector as two and a reference as whether it is null.
func withActions(m *wasm.Module, actions []*specCommand) (*wasm.Module, error) {
	imported := uint32(m.ImportedFuncs())
	for n, c := range actions {
		var body []byte
		var results []wasm.ValType
		if c.Action.Type == "get" {
			index, typ := exportedGlobal(m, c.Action.Field)
			if typ == 0 {
				c.skip = "about an imported global"
				continue
			}
			body, results = wasm.AppendU32([]byte{0x23}, index), []wasm.ValType{typ}
		} else {
			target := slices.IndexFunc(m.Exports, func(e wasm.Export) bool { return e.Kind == wasm.ExternFunc && e.Name == c.Action.Field })
			if target < 0 {
				c.skip = "about a function that is not exported"
				continue
			}
			ok := true
			for _, v := range c.Action.Args {
				if body, ok = appendValue(body, v); !ok {
					break
				}
			}
			if !ok {
				c.skip = "with a reference of the host"
				continue
			}
			body, results = wasm.AppendU32(append(body, 0x10), m.Exports[target].Index), functionTypeOf(m, m.Exports[target].Index).Results
		}
		if slices.ContainsFunc(c.Expected, func(v spectest.Value) bool {
			return v.Type == "externref" && len(v.Lanes()) > 0 && v.Lanes()[0] != "null"
		}) {
			c.skip = "with a reference of the host"
			continue
		}
		body, locals, flat := flatten(body, results)
		c.function = fmt.Sprintf("spec action %d", n)
		m.Types = append(slices.Clip(m.Types), wasm.FuncType{Results: flat})
		m.Functions = append(slices.Clip(m.Functions), uint32(len(m.Types)-1))
		m.Codes = append(slices.Clip(m.Codes), wasm.Code{Locals: locals, Body: append(body, 0x0b)})
		m.Exports = append(slices.Clip(m.Exports), wasm.Export{Name: c.function, Index: imported + uint32(len(m.Functions)-1)})
	}
	return wasm.Decode(m.Encode(), wasm.Limits{})
}

func exportedGlobal(m *wasm.Module, name string) (uint32, wasm.ValType) {
	for _, e := range m.Exports {
		if own := int(e.Index) - m.ImportedGlobals(); e.Kind == wasm.ExternGlobal && e.Name == name && own >= 0 {
			return e.Index, m.Globals[own].Type.Type
		}
	}
	return 0, 0
}

// flatten appends code that turns the results on the stack into numbers.
func flatten(body []byte, results []wasm.ValType) (code []byte, locals []wasm.LocalGroup, flat []wasm.ValType) {
	for _, r := range results {
		locals = append(locals, wasm.LocalGroup{Count: 1, Type: r})
	}
	for i := range slices.Backward(results) {
		body = wasm.AppendU32(append(body, 0x21), uint32(i)) // local.set
	}
	for i, r := range results {
		get := func() { body = wasm.AppendU32(append(body, 0x20), uint32(i)) }
		get()
		switch {
		case r == wasm.V128:
			body = append(body, 0xfd, 0x1d, 0) // i64x2.extract_lane
			get()
			body = append(body, 0xfd, 0x1d, 1)
			flat = append(flat, wasm.I64, wasm.I64)
		case r.IsRef():
			body = append(body, 0xd1) // ref.is_null
			flat = append(flat, wasm.I32)
		default:
			flat = append(flat, r)
		}
	}
	return body, locals, flat
}

// appendValue appends an instruction that pushes a value; ok is false when there is none.
func appendValue(body []byte, v spectest.Value) (_ []byte, ok bool) {
	lanes := v.Lanes()
	if v.Type == "funcref" || v.Type == "externref" {
		if len(lanes) != 1 || lanes[0] != "null" {
			return nil, false
		}
		return append(body, 0xd0, map[string]byte{"funcref": byte(wasm.FuncRef), "externref": byte(wasm.ExternRef)}[v.Type]), true
	}
	var numbers []uint64
	for _, lane := range lanes {
		n, err := parseNumber(lane)
		if strings.HasPrefix(lane, "nan:") {
			n, err = 0x7fc00000, nil
			if v.Type == "f64" || v.LaneType == "f64" {
				n = 0x7ff8000000000000
			}
		}
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return nil, false
	}
	switch v.Type {
	case "i32":
		return wasm.AppendS64(append(body, 0x41), int64(int32(numbers[0]))), true
	case "i64":
		return wasm.AppendS64(append(body, 0x42), int64(numbers[0])), true
	case "f32":
		return binary.LittleEndian.AppendUint32(append(body, 0x43), uint32(numbers[0])), true
	case "f64":
		return binary.LittleEndian.AppendUint64(append(body, 0x44), numbers[0]), true
	case "v128":
		var halves [2]uint64
		bits := 128 / len(numbers)
		for i, n := range numbers {
			halves[i*bits/64] |= n & (math.MaxUint64 >> (64 - bits)) << (i * bits % 64)
		}
		body = append(body, 0xfd, 0x0c)
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(body, halves[0]), halves[1]), true
	}
	return nil, false
}

package runtime

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

// Inspection is what a module is and what would become of it here, without running it: wand.inspect/v1.
type Inspection struct {
	Schema   string          `json:"schema"`
	Bytes    int             `json:"bytes"`
	Kind     string          `json:"kind" jsonschema:"command (it exports _start), guest (it keeps to the guest ABI), reactor, or library"`
	Features []string        `json:"features" jsonschema:"proposals beyond the first version of WebAssembly"`
	Imports  []InspectImport `json:"imports"`
	Exports  []InspectExport `json:"exports"`
	Memory   *InspectMemory  `json:"memory,omitempty"`
	// Functions, Globals, TableEntries and DataBytes are of the module's own.
	Functions    int              `json:"functions"`
	Globals      int              `json:"globals"`
	TableEntries int64            `json:"table_entries" jsonschema:"at the start"`
	DataBytes    int              `json:"data_bytes"`
	Sections     []InspectSection `json:"sections"`
	Metered      *InspectMeter    `json:"metered,omitempty" jsonschema:"what the rewrite makes of it; absent when it is refused"`
	Refused      []string         `json:"refused" jsonschema:"why it would not run here; empty when it would"`
}

// InspectImport is an import, and whether the sandbox provides it.
type InspectImport struct {
	Module   string `json:"module"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Provided bool   `json:"provided"`
	Hint     string `json:"hint,omitempty" jsonschema:"why it is not provided, or which grant decides what it can do"`
}

// InspectExport is an export.
type InspectExport struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// InspectMemory is the memory that a module declares, in bytes.
type InspectMemory struct {
	MinBytes int64 `json:"min_bytes"`
	MaxBytes int64 `json:"max_bytes" jsonschema:"4 GiB when it declares none"`
}

// InspectSection is the size of a section, with its header.
type InspectSection struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
}

// InspectMeter is what the rewrite did.
type InspectMeter struct {
	Bytes    int    `json:"bytes"`
	Tracked  int    `json:"tracked" jsonschema:"functions that check fuel and depth when they are entered"`
	Charges  int    `json:"charges" jsonschema:"places that charge fuel"`
	Loops    int    `json:"loops" jsonschema:"places that check fuel because of a loop"`
	Snapshot string `json:"snapshot,omitempty" jsonschema:"why the module cannot be frozen and forked; absent when it can"`
}

// Inspect looks at a module. The error is a *wasm.Error when it is not valid WebAssembly, or needs a feature that is not supported; whatever else stands
// against running it is in Refused.
func Inspect(bin []byte) (*Inspection, error) {
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return nil, err
	}
	i := &Inspection{
		Schema: "wand.inspect/v1", Bytes: len(bin), Kind: kindOf(m), Features: append([]string{}, m.Features()...), Exports: []InspectExport{},
		Functions: len(m.Functions), Globals: len(m.Globals), Refused: []string{},
	}
	for _, s := range wasm.Sections(bin) {
		i.Sections = append(i.Sections, InspectSection(s))
	}
	for _, t := range m.Tables {
		i.TableEntries += int64(t.Size.Min)
	}
	for _, d := range m.Data {
		i.DataBytes += len(d.Init)
	}
	for _, memory := range m.Memories {
		most := int64(65536)
		if memory.Size.HasMax {
			most = int64(memory.Size.Max)
		}
		i.Memory = &InspectMemory{int64(memory.Size.Min) * engine.PageSize, most * engine.PageSize}
	}
	i.Imports = importsOf(m)
	for _, im := range i.Imports {
		if !im.Provided {
			i.Refused = append(i.Refused, fmt.Sprintf("it imports %s.%s: %s", foreignName(im.Module, 100), foreignName(im.Name, 100), im.Hint))
		}
	}
	for _, e := range m.Exports {
		i.Exports = append(i.Exports, InspectExport{e.Name, exportType(m, e)})
	}
	i.meter(m)
	return i, nil
}

// checkImports refuses a module that imports what the sandbox does not provide, by name.
func checkImports(m *wasm.Module) error {
	var lacking []string
	for _, im := range importsOf(m) {
		if !im.Provided {
			lacking = append(lacking, fmt.Sprintf("it imports %s.%s: %s", foreignName(im.Module, 100), foreignName(im.Name, 100), im.Hint))
		}
	}
	const shown = 3
	if n := len(lacking); n > shown {
		lacking = append(lacking[:shown], fmt.Sprintf("and %d more; wand inspect lists them", n-shown))
	}
	if lacking == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrUnsupported, strings.Join(lacking, "; "))
}

// foreignName is a name that a module has for something, as it can be shown: whoever wrote the module chose it, and may have meant it to be read as more.
func foreignName(name string, most int) string {
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}

// importsOf says of each import of a module whether it is provided.
func importsOf(m *wasm.Module) []InspectImport {
	provided := map[string]string{}
	for _, f := range hostFuncs() {
		provided[f.Module+" "+f.Name] = hostType(f)
	}
	list := []InspectImport{}
	for _, im := range m.Imports {
		found := InspectImport{Module: im.Module, Name: im.Name, Type: im.Kind.String()}
		if im.Kind == wasm.ExternFunc {
			found.Type = funcType(m.Types[im.Func])
		}
		have, ok := provided[im.Module+" "+im.Name]
		switch {
		case im.Module == meter.Module:
			found.Hint = "the name belongs to the meter"
		case im.Kind != wasm.ExternFunc:
			found.Hint = "a module must define its own " + im.Kind.String()
		case ok && have == found.Type:
			found.Provided = true
			if im.Module == "wand" {
				found.Hint = "what it can call, the policy's tools say"
			}
		case ok:
			found.Hint = "it has another type here: " + have
		default:
			found.Hint = importHint(im.Module, im.Name)
		}
		list = append(list, found)
	}
	return list
}

// importHint says of an import that nothing provides what would take its place.
func importHint(module, name string) string {
	switch {
	case module == "wasi_snapshot_preview1" && strings.HasPrefix(name, "sock_"):
		return "there are no sockets; a program reaches the network through the tool http, where the policy grants it: call it through wand.call"
	case module == "wasi_snapshot_preview1":
		return "it is not a function of WASI preview 1"
	case module == "wasi_unstable" || strings.HasPrefix(module, "wasi:"):
		return "only WASI preview 1 is provided; build the module for wasm32-wasip1"
	case module == "wand":
		return "the guest ABI has no such function: modules/ABI.md lists them"
	case module == "env" && strings.HasPrefix(name, "__"):
		return "the toolchain left it to the host (threads, exceptions, dynamic linking or JavaScript); build the module without"
	}
	return "nothing grants it; functions of the host are tools: have the program call one through wand.call, and let the policy grant it (tools: [{name: NAME}])"
}

// meter notes what the rewrite makes of the module, or why it refuses.
func (i *Inspection) meter(m *wasm.Module) {
	for _, err := range []error{checkEntry(m), checkEffort(m)} {
		if err != nil {
			i.Refused = append(i.Refused, strings.TrimPrefix(err.Error(), ErrUnsupported.Error()+": "))
		}
	}
	metered, err := meter.Rewrite(m, meter.Options{MaxCallDepth: MaxCallDepth})
	var refused *wasm.Error
	if errors.As(err, &refused) {
		if checkImports(m) == nil { // else it is said already
			i.Refused = append(i.Refused, refused.Error())
		}
		return
	}
	c := metered.Info.Functions
	i.Metered = &InspectMeter{Bytes: len(metered.Base()), Tracked: c.Tracked, Charges: c.Charges, Loops: c.Loops}
	if err := metered.Info.SnapshotError; err != nil {
		i.Metered.Snapshot = strings.TrimPrefix(err.Error(), "meter: no snapshot: ")
	}
}

func kindOf(m *wasm.Module) string {
	kind := "library"
	for _, e := range m.Exports {
		switch e.Name {
		case "_start":
			return "command"
		case "wand_run":
			return "guest"
		case "_initialize":
			kind = "reactor"
		}
	}
	return kind
}

func exportType(m *wasm.Module, e wasm.Export) string {
	switch e.Kind {
	case wasm.ExternFunc:
		return funcType(m.Types[functionType(m, e.Index)])
	case wasm.ExternGlobal:
		if own := int(e.Index) - m.ImportedGlobals(); own >= 0 {
			t := m.Globals[own].Type
			if t.Mutable {
				return "mutable global " + t.Type.String()
			}
			return "global " + t.Type.String()
		}
	}
	return e.Kind.String()
}

func funcType(t wasm.FuncType) string {
	return "(" + typeNames(t.Params) + ") -> (" + typeNames(t.Results) + ")"
}

func typeNames(types []wasm.ValType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, " ")
}

func hostType(f hostfuncs.Func) string {
	convert := func(types []hostfuncs.ValueType) []wasm.ValType {
		var list []wasm.ValType
		for _, t := range types {
			list = append(list, wasm.ValType(t))
		}
		return list
	}
	return funcType(wasm.FuncType{Params: convert(f.Params), Results: convert(f.Results)})
}

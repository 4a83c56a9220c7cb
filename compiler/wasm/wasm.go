// Package wasm reads and writes the WebAssembly binary format: the gate through which every module passes before it is
// metered. Decode accepts the features that the house supports, checks the whole module by the specification's algorithm
// and refuses everything else by name and offset; Encode writes a module back. Its input is hostile: no input makes it
// panic, take more than linear time, or allocate more than a small multiple of the input. It imports nothing of ours.
//
// Supported: MVP, sign extension, saturating conversion, multi-value, bulk memory, reference types, SIMD (not relaxed), tail
// calls, extended constant expressions, mutable globals in imports and exports.
package wasm

// Module is a decoded and validated module. Byte slices point into the decoded input; treat both as immutable.
type Module struct {
	Types     []FuncType
	Imports   []Import
	Functions []uint32 // type index of every defined function
	Tables    []TableType
	Memories  []MemoryType // at most one, counting imports
	Globals   []Global
	Exports   []Export
	Start     *uint32
	Elements  []Element
	// HasDataCount says that the module has a data count section; its value is always len(Data).
	HasDataCount bool
	Codes        []Code // as many as Functions
	// CodeOffset is where the content of the code section begins in the decoded module; 0 when it was not decoded, or has none.
	CodeOffset int
	Data       []Data
	Customs    []Custom
}

// ValType is a value type as encoded in the binary format.
type ValType byte

// Value types.
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
)

// String returns the name of the type in the text format.
func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "unknown"
}

// IsRef says whether t is a reference type.
func (t ValType) IsRef() bool { return t == FuncRef || t == ExternRef }

// FuncType is a function's signature.
type FuncType struct {
	Params, Results []ValType
}

// ExternKind is what an import or export is.
type ExternKind byte

// Kinds of imports and exports.
const (
	ExternFunc   ExternKind = 0
	ExternTable  ExternKind = 1
	ExternMemory ExternKind = 2
	ExternGlobal ExternKind = 3
)

// String returns the keyword of the text format.
func (k ExternKind) String() string {
	switch k {
	case ExternFunc:
		return "func"
	case ExternTable:
		return "table"
	case ExternMemory:
		return "memory"
	case ExternGlobal:
		return "global"
	}
	return "unknown"
}

// Import is one import; the field that Kind selects is set.
type Import struct {
	Module, Name string
	Kind         ExternKind
	Func         uint32 // type index
	Table        TableType
	Memory       MemoryType
	Global       GlobalType
}

// Size is the range of a table (in entries) or of a memory (in pages of 64 KiB).
type Size struct {
	Min, Max uint32
	HasMax   bool
}

// TableType is the type of a table.
type TableType struct {
	Elem ValType
	Size Size
}

// MemoryType is the type of a memory.
type MemoryType struct {
	Size Size
}

// GlobalType is the type of a global.
type GlobalType struct {
	Type    ValType
	Mutable bool
}

// Global is a defined global. Init is a constant expression with its final end.
type Global struct {
	Type GlobalType
	Init []byte
}

// Export is one export. Index counts imports of its kind first.
type Export struct {
	Name  string
	Kind  ExternKind
	Index uint32
}

// Mode says when a segment is used.
type Mode byte

// Modes of segments; data segments are never declarative.
const (
	Active Mode = iota
	Passive
	Declarative
)

// Element is an element segment.
type Element struct {
	Mode   Mode
	Table  uint32 // of an active segment
	Offset []byte // of an active segment: a constant expression with its final end
	Type   ValType
	// Exprs says that the segment is written with expressions rather than function indices.
	Exprs bool
	Items []ElementItem
}

// ElementItem is one entry of an element segment: OpRefFunc, OpRefNull or OpGlobalGet with the index it names.
type ElementItem struct {
	Op    Opcode
	Index uint32
}

// LocalGroup is a run of locals of one type.
type LocalGroup struct {
	Count uint32
	Type  ValType
}

// Code is the body of a defined function.
type Code struct {
	Locals []LocalGroup
	Body   []byte // instructions with the final end
	Offset int    // of Body in the decoded module; 0 when it was not decoded
	// MaxStack is the largest number of operands on the stack, found by validation.
	MaxStack int
}

// Data is a data segment.
type Data struct {
	Mode   Mode
	Offset []byte // of an active segment: a constant expression with its final end
	Init   []byte
}

// Custom is a custom section. After is the id of the last section before it that is not empty, 0 for none.
type Custom struct {
	Name  string
	Bytes []byte
	After SectionID
}

// SectionID identifies a section.
type SectionID byte

// Sections.
const (
	SectionCustom    SectionID = 0
	SectionType      SectionID = 1
	SectionImport    SectionID = 2
	SectionFunction  SectionID = 3
	SectionTable     SectionID = 4
	SectionMemory    SectionID = 5
	SectionGlobal    SectionID = 6
	SectionExport    SectionID = 7
	SectionStart     SectionID = 8
	SectionElement   SectionID = 9
	SectionCode      SectionID = 10
	SectionData      SectionID = 11
	SectionDataCount SectionID = 12
	sectionTag       SectionID = 13
)

// ImportedFuncs returns how many functions the module imports: the index of its first own function.
func (m *Module) ImportedFuncs() int {
	n := 0
	for i := range m.Imports {
		if m.Imports[i].Kind == ExternFunc {
			n++
		}
	}
	return n
}

// ImportedGlobals returns how many globals the module imports.
func (m *Module) ImportedGlobals() int {
	n := 0
	for i := range m.Imports {
		if m.Imports[i].Kind == ExternGlobal {
			n++
		}
	}
	return n
}

package wasm

// Limits bounds what Decode accepts. A zero field means the default, which real programs stay far below.
type Limits struct {
	ModuleBytes       int // whole module; default 64 MiB
	Types             int // default 100,000
	Imports           int // default 10,000
	Functions         int // defined; default 100,000
	Tables            int // default 100
	TableEntries      int // minimum size of one table; default 10,000,000
	Globals           int // default 100,000
	Exports           int // default 100,000
	ElementSegments   int // default 100,000
	ElementItems      int // over all segments; default 10,000,000
	DataSegments      int // default 100,000
	Customs           int // custom sections; default 1,000
	NameBytes         int // one import, export or section name; default 100,000
	Params            int // of one function or block type; default 1,000
	Results           int // default 1,000
	LocalsPerFunction int // without parameters; default 48,000: with parameters and what the meter adds it stays below the 50,000 of other engines
	Locals            int // over all functions; default 10,000,000
	FunctionBytes     int // body of one function; default 8 MiB
	Nesting           int // of blocks in one function; default 10,000
	BranchTargets     int // of one br_table; default 65,520
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&l.ModuleBytes, 64<<20)
	set(&l.Types, 100_000)
	set(&l.Imports, 10_000)
	set(&l.Functions, 100_000)
	set(&l.Tables, 100)
	set(&l.TableEntries, 10_000_000)
	set(&l.Globals, 100_000)
	set(&l.Exports, 100_000)
	set(&l.ElementSegments, 100_000)
	set(&l.ElementItems, 10_000_000)
	set(&l.DataSegments, 100_000)
	set(&l.Customs, 1_000)
	set(&l.NameBytes, 100_000)
	set(&l.Params, 1_000)
	set(&l.Results, 1_000)
	set(&l.LocalsPerFunction, 48_000)
	set(&l.Locals, 10_000_000)
	set(&l.FunctionBytes, 8<<20)
	set(&l.Nesting, 10_000)
	set(&l.BranchTargets, 65_520)
	return l
}

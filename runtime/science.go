package runtime

import (
	"bytes"
	"slices"
	"strings"

	"wand/compiler"
)

// ScienceGuest is the name of the Python guest that has numpy and pandas linked in (make guests SCIENCE=1), as Options.Guest takes it.
const ScienceGuest = "science"

// scienceModules are the top-level modules that the science guest has and the plain Python guest has not.
var scienceModules = []string{"numpy", "pandas", "dateutil", "pytz", "six"}

// pick returns the guest of a run that names none: the science guest for a Python program that imports what only that one has, where it is built. Without it
// such a program runs in the plain one, whose error for the import says how to get it.
func (rt *Runtime) pick(m *compiler.Module) string {
	if m.Guest == string(compiler.Python) && importsAny(m.Program, scienceModules) && rt.hasScience() {
		return ScienceGuest
	}
	return ""
}

// scienceSessionMemory is the least memory, in bytes, that a session may have to begin in the science guest unasked: that guest takes 51 MiB of it before a program
// has begun, the plain one 21 MiB.
const scienceSessionMemory = 128 << 20

// pickForSession returns the guest of a session that names none. Its first turn does not say what later ones import, and a session's memory is of one guest.
func (rt *Runtime) pickForSession(guest string, limits Limits) string {
	if guest == string(compiler.Python) && limits.Memory >= scienceSessionMemory && rt.hasScience() {
		return ScienceGuest
	}
	return ""
}

// scienceElsewhere corrects, of a program that ended because the guest it ran in has no numpy, how to get the one that has: it is built, and was not taken.
func (r *Report) scienceElsewhere(j *job) {
	e := r.Error
	if e == nil || e.Type != "ModuleNotFoundError" || j.module.Guest != string(compiler.Python) || j.options.Guest == ScienceGuest || !j.rt.hasScience() {
		return
	}
	how := "run it with --guest " + ScienceGuest
	switch {
	case j.program.baked != nil:
		how = "bake it with --guest " + ScienceGuest
	case j.options.turn != nil:
		how = "begin a session with --guest " + ScienceGuest
	}
	const build = "make guests SCIENCE=1"
	e.Message, e.Hint = strings.Replace(e.Message, build, how, 1), strings.Replace(e.Hint, build, how, 1)
}

// importsAny says whether a Python program has a statement that imports one of the modules. It looks at lines, so a text in quotes that looks like one counts
// too: the choice between two guests only has to be cheap, and both run every program that needs neither.
func importsAny(program string, names []string) bool {
	for line := range bytes.Lines([]byte(program)) {
		line = bytes.TrimLeft(line, " \t")
		if at := bytes.LastIndexAny(line, ";:"); at >= 0 && bytes.Contains(line[at:], []byte("import ")) { // try: import numpy
			line = bytes.TrimLeft(line[at+1:], " \t")
		}
		if rest, ok := bytes.CutPrefix(line, []byte("from ")); ok {
			if slices.Contains(names, topModule(rest)) {
				return true
			}
		} else if rest, ok := bytes.CutPrefix(line, []byte("import ")); ok {
			for name := range bytes.SplitSeq(rest, []byte(",")) {
				if slices.Contains(names, topModule(name)) {
					return true
				}
			}
		}
	}
	return false
}

// topModule is the first part of the dotted name that a text begins with.
func topModule(text []byte) string {
	text = bytes.TrimLeft(text, " \t")
	end := bytes.IndexFunc(text, func(r rune) bool {
		return r == '.' || r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '#' || r == ';' || r == '\\'
	})
	if end < 0 {
		return string(text)
	}
	return string(text[:end])
}

package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"wand/compiler"
	"wand/compiler/meter"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

// ProfileLine is a line of the program with its part of the fuel, what it called included where that is not the program's own.
type ProfileLine struct {
	Line     int     `json:"line" jsonschema:"in the program as it was written"`
	Share    float64 `json:"share" jsonschema:"of the fuel that was looked at, between 0 and 1"`
	LineText string  `json:"line_text,omitempty"`
}

// maxProfile is how many lines a report lists, the hottest first.
const maxProfile = 10

// profiler asks a running guest, from time to time, for the line that the program is at. The question is put in the middle of whatever the guest
// does, on the same instance, by a second call beside the one that waits. It costs the program nothing, and the guest's globals are put back after it.
//
// When it asks depends on nothing but the fuel limit and the fuel burnt, so that runs stay the same, byte for byte, whatever the slices are.
type profiler struct {
	instance engine.Instance
	globals  []engine.Global // of the guest, the meter's own included
	saved    []uint64
	ctx      context.Context

	next, distance int64 // fuel at the next question, and between questions
	asked, last    int64 // how many there were, fuel at the last one
	lines          map[int32]int64
	fuel           int64 // in lines, and in what is none of the program's
}

// Distances between questions, in fuel. They double after every profileRound of them: a run of any length has a few hundred questions, a short one
// is asked early enough, and what a question takes (about a microsecond) stays below a thousandth of the run.
const (
	profileFirst   = 5_000_000
	profileFinest  = 500_000
	profileRound   = 64
	profileMost    = 4096    // lines that are told apart
	profileMaxFuel = 500_000 // of one question
)

const lineExport = "wand_line"

func newProfiler(instance engine.Instance, limit int64) *profiler {
	distance := min(max(limit/profileRound, profileFinest), profileFirst)
	return &profiler{instance: instance, distance: distance, next: distance}
}

// sample asks. A guest that cannot say where it is, or does anything but answer, is not asked again.
func (p *profiler) sample(charged int64) {
	if p.ctx == nil && !p.prepare() {
		p.next = math.MaxInt64
		return
	}
	for i, g := range p.globals {
		p.saved[i] = g.Get()
	}
	p.globals[0].Set(profileMaxFuel)
	var stack [1]uint64
	err := p.instance.Call(p.ctx, lineExport, stack[:])
	for i, g := range p.globals {
		g.Set(p.saved[i])
	}
	if err != nil {
		p.next = math.MaxInt64
		return
	}
	burnt := charged - p.last
	p.last = charged
	p.fuel += burnt
	if line := int32(stack[0]); line > 0 && (len(p.lines) < profileMost || p.lines[line] > 0) {
		p.lines[line] += burnt
	}
	if p.asked++; p.asked%profileRound == 0 {
		p.distance *= 2
	}
	p.next = charged + p.distance - charged%p.distance
}

func (p *profiler) prepare() bool {
	if p.instance.Image() == nil || !p.instance.HasFunction(lineExport) {
		return false
	}
	names := slices.Sorted(maps.Keys(p.instance.Image().Globals))
	for _, name := range append([]string{meter.GlobalFuel, meter.GlobalDepth}, names...) {
		if g := p.instance.Global(name); g != nil {
			p.globals = append(p.globals, g)
		}
	}
	p.saved = make([]uint64, len(p.globals))
	p.lines = map[int32]int64{}
	// Whatever the guest asks the host for while it answers meets limits of nothing, and ends the question.
	p.ctx = &runContext{Context: context.Background(), run: &run{ctx: context.Background(), fuel: p.globals[0]}}
	return true
}

// profile is where the fuel went that a limit stopped, in lines of the source, hottest first.
func (p *profiler) profile(m *compiler.Module) []ProfileLine {
	if p == nil || p.fuel == 0 {
		return nil
	}
	lines := map[int]int64{}
	texts := map[int]string{}
	for line, fuel := range p.lines {
		number, _, text := m.Position(int(line), 0)
		if number > 0 {
			lines[number] += fuel
			texts[number] = text
		}
	}
	var list []ProfileLine
	for line, fuel := range lines {
		list = append(list, ProfileLine{Line: line, Share: math.Round(float64(fuel)/float64(p.fuel)*1000) / 1000, LineText: texts[line]})
	}
	slices.SortFunc(list, func(a, b ProfileLine) int { return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Line, b.Line)) })
	list = list[:min(len(list), maxProfile)]
	return slices.DeleteFunc(list, func(l ProfileLine) bool { return l.Share < 0.01 })
}

// hottest tells a model where the fuel went, or is empty when nothing is known or everything went to the line that is shown in any case.
func (r *Report) hottest() string {
	if len(r.Profile) == 0 {
		return ""
	}
	var parts []string
	for _, l := range r.Profile[:min(3, len(r.Profile))] {
		parts = append(parts, fmt.Sprintf("line %d (%.0f%%)", l.Line, 100*l.Share))
	}
	return "most fuel went to: " + strings.Join(parts, ", ")
}

// takeProfile adds where the fuel went to the report of a run for which that is the question.
func (r *Report) takeProfile(m *compiler.Module, p *profiler, ended error) {
	var stop *hostfuncs.Stop
	if errors.As(ended, &stop) && (stop.Kind == hostfuncs.KindFuel || stop.Kind == hostfuncs.KindDeadline) {
		r.Profile = p.profile(m)
	}
}

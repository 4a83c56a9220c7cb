package skills

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

// maxDepth is how deep skills may call each other.
const maxDepth = 8

// Library is a store as runs use it. What it offers has to be granted like any other tool: skills.NAME for a skill, skills.search, skills.propose.
type Library struct {
	store *Store
	rt    *runtime.Runtime
	extra map[string]*Skill // that are being tried
}

// Library returns the store as runs of rt use it.
func (s *Store) Library(rt *runtime.Runtime) *Library { return &Library{store: s, rt: rt} }

// get finds the latest version of a skill.
func (l *Library) get(name string) (*Skill, error) {
	if k := l.extra[name]; k != nil {
		return k, nil
	}
	return l.store.Get(name, 0)
}

// Packages is what a Python program needs so that it can import skills.
func (l *Library) Packages() []runtime.Package {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("skills/__init__.py")
	if err == nil {
		_, err = w.Write([]byte(pythonPackage))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		panic("wand: a zip file in memory: " + err.Error())
	}
	return []runtime.Package{{Name: "skills", Data: b.Bytes()}}
}

// pythonPackage asks the host for a skill when it is imported. It knows none itself, so that one that is added later is there at once.
const pythonPackage = `"""Functions that were tried and tested: from skills import NAME."""
import base64 as _base64
import tools as _tools


def _tagged(v):
    """A value as JSON, with a tag where JSON has no type for it."""
    import datetime, decimal, fractions
    kind = type(v)
    if v is None or kind in (bool, str) or kind is int and abs(v) < 2**53 or kind is float and v - v == 0:
        return v
    if kind is list:
        return [_tagged(x) for x in v]
    if kind is dict:
        if "$skill" not in v and all(type(k) is str for k in v):
            return {k: _tagged(x) for k, x in v.items()}
        return {"$skill": "map", "items": [[_tagged(k), _tagged(x)] for k, x in v.items()]}
    if kind in (tuple, set, frozenset):
        return {"$skill": kind.__name__, "items": [_tagged(x) for x in v]}
    if kind in (bytes, bytearray):
        return {"$skill": "bytes", "value": _base64.b64encode(v).decode()}
    if kind in (int, float, complex, decimal.Decimal, fractions.Fraction):
        return {"$skill": kind.__name__.lower(), "value": str(v)}
    if kind in (datetime.datetime, datetime.date, datetime.time):
        return {"$skill": kind.__name__, "value": v.isoformat()}
    if kind is datetime.timedelta:
        return {"$skill": "timedelta", "value": v.total_seconds()}
    raise TypeError("a skill runs by itself and can only be given data: " + kind.__name__ + " is none")


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        about = _tools.skills.describe(name=name)
    except _tools.ToolError as e:
        raise ImportError(str(e)) from None

    send = _tagged if about["language"] == "python" else lambda v: v

    def skill(*args, **kwargs):
        return _tools.skills.call(name=name, args=[send(a) for a in args], kwargs={k: send(a) for k, a in kwargs.items()})

    skill.__name__ = skill.__qualname__ = name
    skill.__doc__ = name + about["signature"] + "\n\n" + about["doc"]
    globals()[name] = skill
    return skill
`

type nameInput struct {
	Name string `json:"name" jsonschema:"of the skill"`
}

type about struct {
	Name      string `json:"name"`
	Version   int    `json:"version"`
	Language  string `json:"language"`
	Signature string `json:"signature"`
	Doc       string `json:"doc"`
}

func (k *Skill) about() about {
	return about{k.Name, k.Version, string(k.Language), k.Signature, k.Doc}
}

type searchInput struct {
	Query string `json:"query" jsonschema:"what the function should do"`
	Limit int    `json:"limit" default:"10" minimum:"1" maximum:"50"`
}

type proposeInput struct {
	Source string   `json:"source" jsonschema:"a Python file with one function, and what it needs"`
	Test   string   `json:"test" jsonschema:"a program that imports it from skills and asserts what it does"`
	Name   string   `json:"name,omitempty" jsonschema:"of the function; default: the only one"`
	Tools  []string `json:"tools,omitempty" jsonschema:"tools that it uses, such as kv.*"`
}

// Tools are the tools behind it all.
func (l *Library) Tools() (*hostfuncs.Registry, error) {
	// That a run may use a skill is decided under the skill's own name.
	requests := func(args json.RawMessage) ([]policies.Request, error) {
		var in nameInput
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, err
		}
		if err := checkName(in.Name); err != nil {
			return nil, &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: err.Error()}
		}
		action := "skills." + in.Name
		return []policies.Request{{Action: action, Resource: policies.Resource{Type: policies.ResourceTool, ID: action}}}, nil
	}
	describe := hostfuncs.Tool("skills.describe", "Tells of a skill; from skills import NAME calls it.", func(_ context.Context, in nameInput) (about, error) {
		k, err := l.get(in.Name)
		if err != nil {
			return about{}, failure(err)
		}
		return k.about(), nil
	})
	describe.Effect, describe.Requests = hostfuncs.ReadOnly, requests
	call := hostfuncs.Dynamic("skills.call", "Calls a skill; a function that is imported from skills does it.", json.RawMessage(`{"type": "object", "properties": {
		"name": {"type": "string"}, "args": {"type": "array"}, "kwargs": {"type": "object"}}, "required": ["name"], "additionalProperties": false}`), l.call)
	call.Effect, call.Starts, call.Requests = hostfuncs.ReadOnly, true, requests
	call.Timeout = 24 * time.Hour // the deadlines of both runs hold
	search := hostfuncs.Tool("skills.search", "Finds functions that were tried and tested, by what they do.", func(_ context.Context, in searchInput) ([]about, error) {
		found, err := l.store.Search(in.Query, in.Limit)
		if err != nil {
			return nil, failure(err)
		}
		list := make([]about, len(found))
		for i, m := range found {
			list[i] = m.Skill.about()
		}
		return list, nil
	})
	search.Effect = hostfuncs.ReadOnly
	propose := hostfuncs.Tool("skills.propose", "Adds a function to the skills that later programs can import. Its test has to pass.", func(ctx context.Context, in proposeInput) (about, error) {
		k, err := l.store.Add(ctx, l.rt, Candidate{Name: in.Name, Source: in.Source, Test: in.Test, Tools: in.Tools, By: "agent"}, AddOptions{})
		if err != nil {
			return about{}, failure(err)
		}
		return k.about(), nil
	})
	propose.Timeout = 2 * time.Minute
	propose.Preview = func(args json.RawMessage) string {
		var in proposeInput
		json.Unmarshal(args, &in)
		may := "no tools"
		if len(in.Tools) > 0 {
			may = "the tools " + strings.Join(in.Tools, ", ")
		}
		return fmt.Sprintf("would add a skill that may use %s, when its test passes:\n%s", may, in.Source)
	}
	return hostfuncs.NewRegistry(describe, call, search, propose)
}

// failure is an error as a program sees it: what is in the store is told, where the store is is not.
func failure(err error) error {
	for _, known := range []error{ErrNotFound, ErrBadSkill, ErrCycle} {
		if errors.Is(err, known) {
			return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: err.Error()}
		}
	}
	return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "the store of skills cannot be used"}
}

// call runs a skill as a child of the run that calls it.
func (l *Library) call(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
	var in struct {
		Name         string
		Args, Kwargs json.RawMessage
	}
	if err := json.Unmarshal(args, &in); err != nil {
		return nil, err
	}
	k, err := l.get(in.Name)
	if err != nil {
		return nil, failure(err)
	}
	module, err := k.module(ctx)
	if err != nil {
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "skill " + k.Name + " does not compile: " + err.Error()}
	}
	input, err := json.Marshal(map[string]json.RawMessage{"args": orElse(in.Args, "[]"), "kwargs": orElse(in.Kwargs, "{}")})
	if err != nil {
		return nil, err
	}
	child := runtime.Child{Module: module, Input: input, Tools: k.authority(), MaxDepth: maxDepth}
	if module.Guest == "python" {
		child.Packages = l.Packages()
	}
	report, err := runtime.RunChild(ctx, child)
	if err != nil {
		return nil, err
	}
	if report.Status == runtime.Completed {
		return orElse(report.Result, "null"), nil
	}
	e := &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("skill %s: %s", k.Name, report.Status)}
	if was := report.Error; was != nil {
		e.Message = fmt.Sprintf("skill %s: %s", k.Name, strings.TrimPrefix(was.Type+": "+was.Message, ": "))
		if was.Location != nil {
			e.Message += fmt.Sprintf(" (its line %d: %s)", was.Location.Line, strings.TrimSpace(was.Location.LineText))
		}
		e.Hint = was.Hint
	}
	if report.Status == runtime.Denied {
		e.Type, e.Hint = hostfuncs.PermissionError, "a skill may use what it declares and the run may use as well; this one declares "+cmpList(k.Tools)
	}
	return nil, e
}

func cmpList(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

func orElse(v json.RawMessage, otherwise string) json.RawMessage {
	if len(v) == 0 {
		return json.RawMessage(otherwise)
	}
	return v
}

// authority are patterns of what a skill may use, where its caller may: the tools that it declares, and the skills that it imports.
func (k *Skill) authority() []string {
	list := slices.Clone(k.Tools)
	for _, name := range k.Requires {
		list = append(list, "skills."+name)
	}
	return list
}

// The last line of a skill's program calls it with what INPUT holds, in the tags of pythonPackage.
const (
	pythonCall = `

def __wand_call(function):
    import base64, datetime, decimal, fractions
    simple = {"int": int, "float": float, "complex": complex, "decimal": decimal.Decimal, "fraction": fractions.Fraction, "bytes": base64.b64decode,
              "timedelta": lambda s: datetime.timedelta(seconds=s), "datetime": datetime.datetime.fromisoformat, "date": datetime.date.fromisoformat,
              "time": datetime.time.fromisoformat}
    several = {"tuple": tuple, "set": set, "frozenset": frozenset}
    def value(v):
        if isinstance(v, list):
            return [value(x) for x in v]
        if not isinstance(v, dict):
            return v
        kind = v.get("$skill")
        if kind in simple:
            return simple[kind](v["value"])
        if kind in several:
            return several[kind](value(x) for x in v["items"])
        if kind == "map":
            return {value(a): value(b) for a, b in v["items"]}
        return {k: value(x) for k, x in v.items()}
    return function(*value(INPUT["args"]), **value(INPUT["kwargs"]))
__wand_call(%s)
`
	scriptCall = `
;await %s(...INPUT.args)
`
)

// module is the skill as a program.
func (k *Skill) module(ctx context.Context) (*compiler.Module, error) {
	call := pythonCall
	if k.Language == compiler.JavaScript {
		call = scriptCall
	}
	m, diagnostics, err := compiler.Compile(ctx, compiler.Source{Name: "skill " + k.Name, Language: k.Language, Text: []byte(k.Source + fmt.Sprintf(call, k.Name))})
	if err != nil {
		return nil, err
	}
	if m == nil {
		for _, d := range diagnostics {
			return nil, fmt.Errorf("line %d: %s", d.Line, d.Message)
		}
	}
	return m, nil
}

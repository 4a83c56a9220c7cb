package policies

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// Engine decides. Make it with Compile. It is safe for concurrent use and never changes.
type Engine struct {
	policy   *Policy
	rules    []*rule
	byID     map[cedar.PolicyID]*rule
	entries  []entry
	warnings []Finding

	// byAction holds the rules that name their actions; any those that match by pattern or not at all.
	byAction map[string]*bucket
	any      []*rule
	// named finds the tools entries of a name; patterns are those with stars.
	named    map[string][]int
	patterns []int
}

var _ Decider = (*Engine)(nil)

// entry is one tools entry: permit is its Cedar policy where it grants, narrowed are the actions that it narrows.
type entry struct {
	terms    Terms
	match    pattern
	narrowed []string
	permit   cedar.PolicyID
}

// bucket holds the rules of one action by what they ask of the resource.
type bucket struct {
	exact, suffix, prefix map[string][]*rule
	rest                  []*rule
	all                   []*rule // in document order
}

// Policy returns what the engine was compiled from, with all defaults filled in and an overlay's limits applied. It is not to be changed.
func (e *Engine) Policy() *Policy { return e.policy }

// Warnings lists what counts for nothing although the document says it.
func (e *Engine) Warnings() []Finding { return slices.Clone(e.warnings) }

// index sorts the rules by what a request has to be for them to match. A rule that is left out of a decision is one whose scope or first
// condition is false for the request, so that it could neither match nor fail; a test compares both ways.
func (e *Engine) index() {
	e.byAction, e.named = map[string]*bucket{}, map[string][]int{}
	for _, r := range e.rules {
		if len(r.actions) == 0 {
			e.any = append(e.any, r)
			continue
		}
		for _, a := range r.actions {
			b := e.byAction[a]
			if b == nil {
				b = &bucket{exact: map[string][]*rule{}, suffix: map[string][]*rule{}, prefix: map[string][]*rule{}}
				e.byAction[a] = b
			}
			b.all = append(b.all, r)
			switch {
			case r.resource != "":
				b.exact[r.resource] = append(b.exact[r.resource], r)
			case r.suffix != "":
				b.suffix[r.suffix] = append(b.suffix[r.suffix], r)
			case r.prefix != "":
				b.prefix[r.prefix] = append(b.prefix[r.prefix], r)
			default:
				b.rest = append(b.rest, r)
			}
		}
	}
	for i, entry := range e.entries {
		if entry.match.stars() {
			e.patterns = append(e.patterns, i)
		} else {
			e.named[entry.match.text] = append(e.named[entry.match.text], i)
		}
	}
}

// candidates lists the rules that could match or fail for a question.
func (e *Engine) candidates(q *question) []*rule {
	list := make([]*rule, 0, 16)
	for _, r := range e.any {
		if r.tools.text == "" || r.tools.match(q.action) {
			list = append(list, r)
		}
	}
	b := e.byAction[q.action]
	if b == nil {
		return list
	}
	list = append(list, b.rest...)
	if len(b.exact) > 0 {
		list = append(list, b.exact[resourceKey(string(q.resource.Type), string(q.resource.ID))]...)
	}
	id := string(q.resource.ID)
	if len(b.suffix) > 0 && q.kind == ResourceHost {
		for i := range len(id) {
			if id[i] == '.' {
				list = append(list, b.suffix[id[i+1:]]...)
			}
		}
	}
	if len(b.prefix) > 0 && q.kind == ResourcePath {
		list = append(list, b.prefix[id]...)
		for i := range len(id) {
			if id[i] == '/' && i > 0 {
				list = append(list, b.prefix[id[:i]]...)
			}
		}
	}
	return list
}

// question is a Request in the form that rules are compared with.
type question struct {
	action              string
	kind                ResourceType
	principal, resource types.EntityUID
	address             netip.Addr // of a host that is an address
	context             map[string]any
	method, scheme      any
	path                any
	other               string // the other reading of path, where there is one
	private             bool   // the host is an address that is not public, whatever the context says
	// entity is the resource's, made when a rule first looks at it. A question is one goroutine's.
	entity *types.Entity
}

// maxID bounds what identifies a resource.
const maxID = 64 << 10

// ask brings a request into normal form. The text says why there is none.
func ask(r Request) (*question, string) {
	q := &question{action: r.Action, kind: r.Resource.Type, context: r.Context}
	principal := r.Principal
	if principal == "" {
		principal = "run"
	}
	id := r.Resource.ID
	switch {
	case r.Action == "":
		return nil, "the request names no tool"
	case len(r.Action) > maxName || len(principal) > maxName:
		return nil, fmt.Sprintf("the name of a tool or an agent is longer than %d characters", maxName)
	case len(id) > maxID:
		return nil, "the name of what is asked for is too long"
	}
	switch q.kind {
	case ResourceHost:
		host, err := NormalHost(id)
		if err != nil {
			return nil, fmt.Sprintf("%q is no host: %s", shorten(id, 60), err)
		}
		id = host
		if a, err := netip.ParseAddr(host); err == nil {
			q.address = a
			q.private = !PublicAddress(a)
		}
		q.method, q.scheme, q.path = r.Context["method"], r.Context["scheme"], r.Context["path"]
		if s, ok := q.method.(string); ok {
			q.method = strings.ToUpper(s)
		}
		if s, ok := q.scheme.(string); ok {
			q.scheme = strings.ToLower(s)
		}
		if s, ok := q.path.(string); ok {
			path, err := NormalPath(s)
			if err != nil {
				return nil, fmt.Sprintf("the path %q is not accepted: %s", shorten(s, 60), err)
			}
			q.path = path
			if other := plainPath(path); other != path {
				q.other = other
			}
		}
	case ResourcePackage:
		id = NormalPackage(id)
	case ResourcePath:
		if problem, _ := guestPath(id); problem != "" && id != "/" {
			return nil, fmt.Sprintf("the path %q %s", shorten(id, 60), problem)
		}
	}
	q.principal = types.NewEntityUID(typeAgent, types.String(principal))
	q.resource = *resourceUID(q.kind, id)
	return q, ""
}

// attribute is one attribute of the context, as rules see it.
func (q *question) attribute(name string) (any, bool) {
	switch {
	case name == "tool":
		return q.action, true
	case q.kind == ResourceHost && name == "private" && q.private:
		return true, true
	case q.kind == ResourceHost && name == "method" && q.method != nil:
		return q.method, true
	case q.kind == ResourceHost && name == "scheme" && q.scheme != nil:
		return q.scheme, true
	case q.kind == ResourceHost && name == "path" && q.path != nil:
		return q.path, true
	case q.kind == ResourcePackage && strings.HasPrefix(name, meetsPrefix):
		version, ok := q.context["version"].(string)
		return ok && meets(version, name[len(meetsPrefix):]), ok
	}
	v, ok := q.context[name]
	return v, ok
}

// request makes the Cedar request, with as much of the context as the rules look at.
func (q *question) request(rules []*rule) (cedar.Request, error) {
	record := make(types.RecordMap, 8)
	b := &budget{maxValues, maxValueBytes}
	put := func(name string) error {
		if _, done := record[types.String(name)]; done {
			return nil
		}
		v, ok := q.attribute(name)
		if !ok {
			return nil
		}
		value, err := b.convert(v, 0)
		if err != nil {
			return fmt.Errorf("%s cannot be checked: %w", name, err)
		}
		record[types.String(name)] = value
		return nil
	}
	var args []string
	for _, r := range rules {
		keys := r.needs.keys
		if r.needs.all {
			keys = append(append(sortedKeys(q.context), "tool", "private", "method", "scheme", "path"), keys...)
		}
		for _, key := range keys {
			if err := put(key); err != nil {
				return cedar.Request{}, err
			}
		}
		for _, key := range r.needs.args {
			if !slices.Contains(args, key) {
				args = append(args, key)
			}
		}
	}
	if _, done := record["args"]; len(args) > 0 && !done {
		if err := q.putArgs(record, b, args); err != nil {
			return cedar.Request{}, err
		}
	}
	return cedar.Request{
		Principal: q.principal, Action: actionUID(q.action), Resource: q.resource, Context: types.NewRecord(record),
	}, nil
}

// withPath is the same request for another reading of its path. Rules that do not look at the path have none to replace.
func withPath(r cedar.Request, path string) cedar.Request {
	if _, ok := r.Context.Get("path"); ok {
		context := r.Context.Map()
		context["path"] = types.String(path)
		r.Context = types.NewRecord(context)
	}
	return r
}

// putArgs converts only those arguments that rules look at.
func (q *question) putArgs(record types.RecordMap, b *budget, names []string) error {
	v, ok := q.context["args"]
	if !ok {
		return nil
	}
	given, isMap := v.(map[string]any)
	if !isMap {
		value, err := b.convert(v, 0)
		if err != nil {
			return fmt.Errorf("args cannot be checked: %w", err)
		}
		record["args"] = value
		return nil
	}
	args := make(types.RecordMap, len(names))
	for _, name := range names {
		v, ok := given[name]
		if !ok {
			continue
		}
		value, err := b.convert(v, 1)
		if err != nil {
			return fmt.Errorf("the argument %s cannot be checked: %w", shorten(name, 40), err)
		}
		args[types.String(name)] = value
	}
	record["args"] = types.NewRecord(args)
	return nil
}

// Get implements types.EntityGetter: every entity there is has the attribute id, an address has address too, and lies in its group.
func (q *question) Get(uid types.EntityUID) (types.Entity, bool) {
	if uid != q.resource {
		return entityOf(uid, netip.Addr{}), true
	}
	if q.entity == nil {
		e := entityOf(uid, q.address)
		q.entity = &e
	}
	return *q.entity, true
}

func entityOf(uid types.EntityUID, address netip.Addr) types.Entity {
	attributes := types.RecordMap{"id": uid.ID}
	if address.IsValid() {
		attributes["address"] = types.IPAddr(netip.PrefixFrom(address, address.BitLen()))
	}
	e := types.Entity{UID: uid, Attributes: types.NewRecord(attributes)}
	if parent, ok := parentsOf(uid); ok {
		e.Parents = types.NewEntityUIDSet(parent)
	}
	return e
}

// selection is a list of rules as Cedar's authorizer takes it.
type selection []*rule

// All implements cedar.PolicyIterator.
func (s selection) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, r := range s {
			if !yield(r.id, r.policy) {
				return
			}
		}
	}
}

// verdict is what Cedar said about a question.
type verdict struct {
	permits []*rule // that matched, in document order
	forbid  *rule   // the first that matched, or else the first that failed
	failure string  // why forbid could not be evaluated, if that is so
}

// judge asks Cedar. A forbid that cannot be evaluated, which Cedar leaves out, counts as one that matched.
func (e *Engine) judge(rules []*rule, q *question, request cedar.Request) verdict {
	decision, diagnostic := cedar.Authorize(selection(rules), q, request)
	var v verdict
	for _, reason := range diagnostic.Reasons {
		switch r := e.byID[reason.PolicyID]; {
		case decision == cedar.Allow:
			v.permits = append(v.permits, r)
		case v.forbid == nil || r.order < v.forbid.order:
			v.forbid = r
		}
	}
	matched := v.forbid != nil
	for _, failed := range diagnostic.Errors {
		r := e.byID[failed.PolicyID]
		if r.forbid && !matched && (v.forbid == nil || r.order < v.forbid.order) {
			v.forbid, v.failure = r, failed.Message
		}
	}
	slices.SortFunc(v.permits, func(a, b *rule) int { return a.order - b.order })
	return v
}

// Decide answers a request. What is not allowed by a grant, what a forbid matches and what cannot be checked is denied.
func (e *Engine) Decide(r Request) Decision { return e.decide(r, e.denied) }

// decide answers with denied's words where no rule allows.
func (e *Engine) decide(r Request, denied func(*question) Decision) Decision {
	q, problem := ask(r)
	if problem != "" {
		return Decision{Rule: RuleDefault, Reason: "not allowed: " + problem, Hint: "correct the request"}
	}
	rules := e.candidates(q)
	request, err := q.request(rules)
	if err != nil {
		return Decision{Rule: RuleDefault, Reason: "not allowed: " + err.Error(), Hint: "send less, or simpler, arguments"}
	}
	v := e.judge(rules, q, request)
	if q.other != "" && v.forbid == nil && len(v.permits) > 0 {
		// Only forbids count here: what the first reading allows stays the only thing that is allowed.
		other := e.judge(rules, q, withPath(request, q.other))
		v.forbid, v.failure = other.forbid, other.failure
	}
	if v.forbid != nil {
		return e.forbidden(v)
	}
	if len(v.permits) == 0 {
		return denied(q)
	}
	by := v.permits[0]
	return Decision{
		Allowed: true, Rule: by.name, Position: by.origin.String(), Reason: "allowed by " + by.name, Grant: by.grant, Terms: e.terms(q, v.permits),
	}
}

// RuleDefault names the rule that nothing is allowed that no rule allows, in Decision.Rule.
const RuleDefault = "default"

// terms lists the conditions of an allowed call: those of the grant that allowed it and of every tools entry that it falls under.
func (e *Engine) terms(q *question, permits []*rule) []Terms {
	var list []Terms
	if g, ok := permits[0].grant.(*NetworkGrant); ok && g.MaxCalls > 0 {
		list = append(list, Terms{Rule: string(permits[0].id), MaxCalls: int(g.MaxCalls)})
	}
	add := func(i int) {
		entry := &e.entries[i]
		if entry.terms == (Terms{Rule: entry.terms.Rule}) {
			return
		}
		if slices.Contains(entry.narrowed, q.action) || slices.ContainsFunc(permits, func(r *rule) bool { return r.id == entry.permit }) {
			list = append(list, entry.terms)
		}
	}
	named := e.named[q.action]
	// Both lists are in document order; so is what comes out.
	for _, i := range e.patterns {
		for len(named) > 0 && named[0] < i {
			add(named[0])
			named = named[1:]
		}
		add(i)
	}
	for _, i := range named {
		add(i)
	}
	return list
}

// forbidden is the answer when a forbid matched or failed.
func (e *Engine) forbidden(v verdict) Decision {
	r := v.forbid
	d := Decision{Rule: r.name, Position: r.origin.String()}
	switch {
	case v.failure != "":
		d.Reason = fmt.Sprintf("not allowed: the rule %s cannot be evaluated for this call (%s), and what cannot be checked is denied", r.name, shorten(v.failure, 160))
		d.Hint = "give the arguments that the rule looks at, with the types it expects"
	case r.narrows:
		d.Reason = fmt.Sprintf("not allowed: the rule %s holds for this tool only when %s", r.name, shorten(r.reason, 300))
		d.Hint = "change the arguments so that the condition holds"
	case r.reason != "":
		d.Reason = fmt.Sprintf("not allowed: %s (rule %s)", r.reason, r.name)
		d.Hint = "do without it; no grant can allow it"
	default:
		d.Reason = fmt.Sprintf("not allowed: the rule %s forbids it", r.name)
		d.Hint = "do without it; no grant can allow it"
	}
	return d
}

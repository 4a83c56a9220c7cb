package policies

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"

	"wand/policies/nearest"
)

// clause is one condition of a rule, with words for people.
type clause struct {
	node xast.Node
	// name is what it looks at: "method"; wants is what it asks for: "GET or HEAD".
	name, wants string
	// policy permits what the clause alone permits, made when somebody first asks.
	once   sync.Once
	policy *cedar.Policy
}

// holds asks Cedar about one condition alone.
func (c *clause) holds(q *question, request cedar.Request) (bool, string) {
	c.once.Do(func() { c.policy = cedar.NewPolicyFromAST((*ast.Policy)(xast.Permit().When(c.node))) })
	decision, diagnostic := cedar.Authorize(cedar.PolicyMap{"clause": c.policy}, q, request)
	if len(diagnostic.Errors) > 0 {
		return false, diagnostic.Errors[0].Message
	}
	return decision == cedar.Allow, ""
}

// Explanation says what an engine answers to a request, and why.
type Explanation struct {
	Decision Decision
	// Request is the request in the normal form that rules are compared with.
	Request Request
	// What says in words what is asked for.
	What string
	// Rules are those that decided and those that came near, nearest first.
	Rules []RuleReport
	// Change lists what would turn the answer: at most a few, the smallest first.
	Change []string
}

// RuleReport says how one rule stood to a request.
type RuleReport struct {
	Rule, Position string
	// Effect is "permit" or "forbid".
	Effect string
	// Says is the rule in words; Cedar is its text.
	Says, Cedar string
	// Applies says that all conditions held. Failure says why one could not be evaluated.
	Applies bool
	Failure string
	// Conditions are the rule's conditions, in order.
	Conditions []ConditionReport
}

// ConditionReport says how one condition stood.
type ConditionReport struct {
	Name  string // "method"
	Wants string // "GET or HEAD"
	Got   string // "POST"; empty where the condition is an expression
	Holds bool
	// Failure says why it could not be evaluated.
	Failure string
}

// failing counts the conditions that do not hold. What the rule is about counts most, so that another method for the same host comes before
// the same method for another host.
func (r *RuleReport) failing() int {
	n := 0
	for _, c := range r.Conditions {
		switch {
		case c.Holds:
		case c.Name == "host" || c.Name == "resource" || c.Name == "tool":
			n += 10
		default:
			n++
		}
	}
	return n
}

// Bounds of an explanation.
const (
	maxNear      = 5   // rules that are shown
	maxExplained = 500 // rules that are looked at
	maxHinted    = 8   // the same for the hint of a denial
	maxCompared  = 16  // names that are compared for it
)

// Explain says what the engine answers, which rules decided or came near, why each did not apply, and what would change the answer.
func Explain(e *Engine, r Request) Explanation {
	x := Explanation{Decision: e.Decide(r), Request: r, What: r.What()}
	q, problem := ask(r)
	if problem != "" {
		x.Change = []string{"correct the request: " + problem}
		return x
	}
	x.Request = q.asRequest()
	x.What = x.Request.What()
	reports := e.near(q, maxExplained)
	for i, report := range reports {
		if report.Applies || report.Failure != "" && report.Effect == "forbid" || i < maxNear && report.Effect == "permit" {
			x.Rules = append(x.Rules, report)
		}
	}
	if x.Decision.Allowed {
		x.Change = []string{"to deny it: forbid: [{name: " + yamlText(r.Action) + "}], with a when for some calls only"}
		return x
	}
	if x.Decision.Rule != RuleDefault {
		x.Change = append(x.Change, fmt.Sprintf("change or remove %s (%s); no grant outweighs it", x.Decision.Rule, x.Decision.Position))
	}
	for _, report := range reports {
		if report.Effect == "permit" && report.Applies {
			return x
		}
	}
	for _, report := range reports {
		if report.Effect != "permit" || report.failing() >= 10 {
			continue
		}
		for _, c := range report.Conditions {
			if !c.Holds {
				x.Change = append(x.Change, fmt.Sprintf("%s (%s): %s", report.Rule, report.Position, c.said()))
			}
		}
		break
	}
	x.Change = append(x.Change, "add "+x.Request.missing())
	return x
}

func (c ConditionReport) said() string {
	switch {
	case c.Failure != "":
		return fmt.Sprintf("%s cannot be evaluated: %s", c.Wants, c.Failure)
	case c.Got != "":
		return fmt.Sprintf("%s has to be %s, is %s", c.Name, c.Wants, c.Got)
	case c.Name == "when" || c.Name == "unless":
		return c.Wants + " does not hold"
	}
	return fmt.Sprintf("%s has to be %s", c.Name, c.Wants)
}

// String writes an explanation for people.
func (x Explanation) String() string {
	var b strings.Builder
	word := "denied"
	if x.Decision.Allowed {
		word = "allowed"
	}
	fmt.Fprintf(&b, "%s: %s\n", word, x.What)
	fmt.Fprintf(&b, "  by %s", x.Decision.Rule)
	if x.Decision.Position != "" {
		fmt.Fprintf(&b, " (%s)", x.Decision.Position)
	}
	fmt.Fprintf(&b, ": %s\n", x.Decision.Reason)
	for _, t := range x.Decision.Terms {
		fmt.Fprintf(&b, "  on the terms of %s\n", t.String())
	}
	if x.Decision.Hint != "" {
		fmt.Fprintf(&b, "  hint: %s\n", x.Decision.Hint)
	}
	for _, r := range x.Rules {
		word := "did not apply"
		if r.Applies {
			word = "applies"
		}
		fmt.Fprintf(&b, "%s %s", r.Effect, r.Rule)
		if r.Position != "" {
			fmt.Fprintf(&b, " (%s)", r.Position)
		}
		fmt.Fprintf(&b, " %s: %s\n", word, r.Says)
		for _, c := range r.Conditions {
			if !c.Holds {
				fmt.Fprintf(&b, "  - %s\n", c.said())
			}
		}
	}
	for i, c := range x.Change {
		if i == 0 {
			b.WriteString("what would change it:\n")
		}
		fmt.Fprintf(&b, "  - %s\n", c)
	}
	return b.String()
}

// String writes terms for people: "tools[1]: at most 3 calls, 10/1m, 5s each, somebody has to agree".
func (t Terms) String() string {
	var parts []string
	if t.MaxCalls > 0 {
		parts = append(parts, fmt.Sprintf("at most %d calls", t.MaxCalls))
	}
	if t.Rate.Calls > 0 {
		parts = append(parts, fmt.Sprintf("%d in any %s", t.Rate.Calls, t.Rate.Per))
	}
	if t.Timeout > 0 {
		parts = append(parts, fmt.Sprintf("%s each", t.Timeout))
	}
	if t.Approve {
		parts = append(parts, "somebody has to agree to each")
	}
	return t.Rule + ": " + strings.Join(parts, ", ")
}

// near reports on the rules that could have to do with a question, nearest first. It looks at limit rules.
func (e *Engine) near(q *question, limit int) []RuleReport {
	rules := e.candidates(q)
	seen := map[*rule]bool{}
	for _, r := range rules {
		seen[r] = true
	}
	if b := e.byAction[q.action]; b != nil {
		for _, group := range []map[string][]*rule{b.exact, b.suffix, b.prefix} {
			for _, key := range sortedKeys(group) {
				for _, r := range group[key] {
					if !seen[r] {
						seen[r] = true
						rules = append(rules, r)
					}
				}
			}
		}
	}
	rules = rules[:min(len(rules), limit)]
	request, err := q.request(rules)
	if err != nil {
		return nil
	}
	type ranked struct {
		report RuleReport
		rank   int
		order  int
		id     cedar.PolicyID
	}
	list := make([]ranked, 0, len(rules))
	for _, r := range rules {
		report := e.report(r, q, request)
		list = append(list, ranked{report, report.failing(), r.order, r.id})
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return a.order - b.order
	})
	reports := make([]RuleReport, len(list))
	for i := range list {
		reports[i] = list[i].report
		reports[i].Cedar = string(e.byID[list[i].id].policy.MarshalCedar())
	}
	return reports
}

func (e *Engine) report(r *rule, q *question, request cedar.Request) RuleReport {
	report := RuleReport{Rule: r.name, Position: r.origin.String(), Effect: "permit", Says: r.says(), Applies: true}
	if r.forbid {
		report.Effect = "forbid"
	}
	for _, c := range r.clauses {
		holds, failure := c.holds(q, request)
		if r.narrows {
			holds = !holds && failure == ""
		}
		cr := ConditionReport{Name: c.name, Wants: c.wants, Holds: holds, Failure: failure}
		switch c.name {
		case "host", "resource":
			cr.Got = shorten(string(q.resource.ID), 80)
		case "tool":
			cr.Got = shorten(q.action, 80)
		case "private":
			if !holds {
				cr.Got = "one that is not public"
			}
		case "when", "unless":
		default:
			if v, ok := q.attribute(c.name); ok {
				cr.Got = shorten(fmt.Sprint(v), 80)
			} else if c.name == "path" {
				cr.Got = shorten(string(q.resource.ID), 80)
			}
		}
		report.Conditions = append(report.Conditions, cr)
		report.Applies = report.Applies && holds
		if failure != "" && report.Failure == "" {
			report.Failure = failure
		}
	}
	return report
}

// says is a rule in words.
func (r *rule) says() string {
	switch g := r.grant.(type) {
	case *FileGrant:
		return map[string]string{AccessRead: "reading", AccessAppend: "appending", AccessWrite: "reading and writing"}[g.Access] + " at or below " + g.Guest
	case *NetworkGrant:
		host := g.Host
		if g.Port != 0 {
			host = fmt.Sprintf("%s port %d", host, g.Port)
		}
		return fmt.Sprintf("%s %s://%s, path %s", strings.Join(g.Methods, " or "), strings.Join(g.Schemes, " or "), host, strings.Join(g.Paths, " or "))
	case *EnvironmentGrant:
		return "the variable " + g.Name
	case *ToolGrant:
		if g.When != "" {
			return fmt.Sprintf("the tool %s when %s", g.Name, g.When)
		}
		return "the tool " + g.Name
	case *KV:
		return "the key-value store"
	case *Database:
		return "reading the database " + g.Name
	case *LLM:
		return "asking the model " + g.Model
	case *Command:
		return "the tool " + g.Name
	case *Run:
		return "child programs"
	case *PackageGrant:
		return "importing the package " + g.String()
	}
	if r.narrows {
		return fmt.Sprintf("the tool %s unless %s", strings.Join(r.actions, ", "), r.reason)
	}
	if r.reason != "" {
		return r.reason
	}
	var parts []string
	if len(r.actions) > 0 {
		parts = append(parts, "the tool "+strings.Join(r.actions, ", "))
	}
	for _, c := range r.clauses {
		if c.name != "tool" || len(parts) == 0 {
			parts = append(parts, c.wants)
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// denied is the answer when no rule allowed a question: the nearest rule says why, and what is allowed. A program may ask for it again and again,
// so it looks at few rules.
func (e *Engine) denied(q *question) Decision {
	r := q.asRequest()
	d := Decision{Rule: RuleDefault, Reason: "not allowed: no rule grants " + r.What(), Hint: "the policy would need " + r.missing()}
	var permits []*rule
	for _, rule := range e.candidates(q) {
		if !rule.forbid && len(permits) < maxHinted {
			permits = append(permits, rule)
		}
	}
	if request, err := q.request(permits); err == nil && len(permits) > 0 {
		nearest := e.report(permits[0], q, request)
		for _, rule := range permits[1:] {
			if report := e.report(rule, q, request); report.failing() < nearest.failing() {
				nearest = report
			}
		}
		if nearest.failing() < 10 {
			var why []string
			for _, c := range nearest.Conditions {
				if !c.Holds {
					why = append(why, c.said())
				}
			}
			d.Reason = fmt.Sprintf("not allowed: %s; by %s %s", r.What(), nearest.Rule, strings.Join(why, "; "))
			d.Hint = "allowed is " + nearest.Says
			return d
		}
	}
	if allowed := e.alike(q); len(allowed) > 0 {
		d.Hint = "allowed is " + strings.Join(allowed, "; ")
	}
	return d
}

// alike says up to three things that are allowed to the action of a question: the one whose name is nearest first.
func (e *Engine) alike(q *question) []string {
	b := e.byAction[q.action]
	if b == nil {
		return nil
	}
	var permits []*rule
	for _, rule := range b.all {
		if !rule.forbid && len(permits) < maxCompared {
			permits = append(permits, rule)
		}
	}
	names := make([]string, len(permits))
	for i, rule := range permits {
		names[i] = strings.TrimPrefix(rule.resource, string(q.resource.Type)+"::")
	}
	if near := nearest.Name(string(q.resource.ID), names); near != "" {
		i := slices.Index(names, near)
		permits[0], permits[i] = permits[i], permits[0]
	}
	var says []string
	for _, rule := range permits[:min(len(permits), 3)] {
		says = append(says, rule.says())
	}
	return says
}

package policies

import "slices"

// MayAllow says whether there is a request with this action that the engine could allow. It looks at grants only: what a forbid or a condition
// leaves of them is for Decide. Lists of tools leave out those of which it says no.
func (e *Engine) MayAllow(action Action) bool {
	permits := func(list []*rule) bool { return slices.ContainsFunc(list, func(r *rule) bool { return !r.forbid }) }
	for _, r := range e.any {
		if !r.forbid && (r.tools.text == "" || r.tools.match(action)) {
			return true
		}
	}
	b := e.byAction[action]
	if b == nil {
		return false
	}
	if permits(b.rest) {
		return true
	}
	for _, index := range []map[string][]*rule{b.exact, b.suffix, b.prefix} {
		for _, list := range index {
			if permits(list) {
				return true
			}
		}
	}
	return false
}

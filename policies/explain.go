package policies

import (
	"fmt"
)

func (e *Engine) denied(q *question) Decision {
	return Decision{Rule: ruleDefault, Reason: fmt.Sprintf("not allowed: no rule grants %s", q.action)}
}

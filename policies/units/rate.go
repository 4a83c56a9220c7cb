package units

import (
	"fmt"
	"strings"
	"time"
)

// Rate is how many things may happen in any window of a length. As text: 10/1m, 100/s, 1K/1h.
type Rate struct {
	Count Count
	Per   Duration
}

const rateExamples = "10/1m, 100/s or 1K/1h"

var _ interface{ UnmarshalText([]byte) error } = (*Rate)(nil)

// ParseRate reads a rate: a count, a slash and a duration, whose number may be left out when it is 1.
func ParseRate(s string) (Rate, error) {
	fail := func(reason string) (Rate, error) {
		return Rate{}, &Error{Text: s, Quantity: "rate", Reason: reason, Examples: rateExamples}
	}
	count, per, ok := strings.Cut(s, "/")
	if !ok {
		return fail("it has no slash between the count and the time")
	}
	n, err := ParseCount(count)
	if err != nil {
		return fail("the count before the slash is malformed")
	}
	per = strings.TrimSpace(per)
	if number, unit := split(per); number == "" && unit != "" {
		per = "1" + per
	}
	d, err := ParseDuration(per)
	switch {
	case err != nil:
		return fail("the time after the slash is malformed")
	case d <= 0:
		return fail("the time after the slash is zero")
	case n == 0:
		return fail("the count is zero")
	}
	return Rate{Count: n, Per: d}, nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}

// String writes a rate so that ParseRate reads it: 10/1m0s.
func (r Rate) String() string { return fmt.Sprintf("%d/%s", int64(r.Count), time.Duration(r.Per)) }

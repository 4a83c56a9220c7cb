package hostfuncs

import (
	"maps"
	"slices"
	"time"
)

// Counts are what the rules of a policy have counted in a session, for another process that goes on with it. What somebody always agrees to is not among
// them: who goes on is asked again.
type Counts struct {
	// Calls is how many calls each rule has let through; a call that a rule without a bound let through counts nowhere.
	Calls map[string]int `json:"calls,omitempty"`
	// Recent are the times of those that still count for a rate.
	Recent map[string][]time.Time `json:"recent,omitempty"`
}

// Counts returns what the gate's rules have counted up to now.
func (g *Gate) Counts() Counts {
	y := g.tally
	y.mu.Lock()
	defer y.mu.Unlock()
	c := Counts{Calls: maps.Clone(y.counts), Recent: map[string][]time.Time{}}
	for rule, times := range y.times {
		for _, at := range times {
			c.Recent[rule] = append(c.Recent[rule], y.began.Add(at).UTC().Round(0))
		}
	}
	return c
}

// GoOn has the gate's rules count on from where others have stopped. It is for a gate that has let nothing through yet.
func (g *Gate) GoOn(c Counts) {
	y := g.tally
	y.mu.Lock()
	defer y.mu.Unlock()
	maps.Copy(y.counts, c.Calls)
	for rule, times := range c.Recent {
		times = slices.SortedFunc(slices.Values(times), time.Time.Compare)
		for _, at := range times {
			y.times[rule] = append(y.times[rule], at.Sub(y.began))
		}
	}
}

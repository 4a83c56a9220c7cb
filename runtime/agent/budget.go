package agent

import (
	"fmt"
	"math"
	"sync"
	"time"

	"wand/policies/units"
)

// Money is in billionths of a dollar.
type Money int64

// Dollar is one.
const Dollar Money = 1_000_000_000

// String returns such as $0.0125.
func (m Money) String() string {
	s := fmt.Sprintf("%.6f", float64(m)/float64(Dollar))
	for len(s) > 4 && s[len(s)-1] == '0' && s[len(s)-3] != '.' {
		s = s[:len(s)-1]
	}
	return "$" + s
}

// Prices are in dollars for a million tokens, as servers list them.
type Prices struct {
	Prompt     float64 `json:"prompt"`
	Completion float64 `json:"completion"`
}

// cost is what tokens cost, rounded once.
func (p Prices) cost(u TokenUsage) Money {
	return Money(math.Round(float64(u.Prompt)*p.Prompt*1000 + float64(u.Completion)*p.Completion*1000))
}

// Budget bounds a whole conversation, or several that share an Account. Fields that are zero take those of DefaultBudget; Cost 0 is no bound.
type Budget struct {
	Turns     int64         `json:"turns" jsonschema:"requests to the model"`
	Tokens    int64         `json:"tokens"`
	Fuel      int64         `json:"fuel"`
	HostCalls int64         `json:"host_calls"`
	Wall      time.Duration `json:"wall_ns"`
	Cost      Money         `json:"cost_nanodollars"`
}

// DefaultBudget is what a conversation may use when nobody says.
func DefaultBudget() Budget {
	return Budget{Turns: 20, Tokens: 200_000, Fuel: 100_000_000_000, HostCalls: 10_000, Wall: 15 * time.Minute}
}

func (b Budget) or(d Budget) Budget {
	for _, f := range []struct{ v, d *int64 }{{&b.Turns, &d.Turns}, {&b.Tokens, &d.Tokens}, {&b.Fuel, &d.Fuel}, {&b.HostCalls, &d.HostCalls}, {(*int64)(&b.Wall), (*int64)(&d.Wall)}} {
		if *f.v <= 0 {
			*f.v = *f.d
		}
	}
	return b
}

// Spent is what was used of a Budget.
type Spent struct {
	Turns     int64         `json:"turns"`
	Tokens    TokenUsage    `json:"tokens"`
	Fuel      int64         `json:"fuel"`
	HostCalls int64         `json:"host_calls"`
	Wall      time.Duration `json:"wall_ns"`
	Cost      Money         `json:"cost_nanodollars"`
}

// Account counts what conversations use of a budget. Several agents may have one, side by side or one after the other. It is safe for concurrent use.
type Account struct {
	budget Budget
	prices Prices
	above  *Account // that pays too
	now    func() time.Time

	mu    sync.Mutex
	spent Spent
	held  int64     // tokens of requests under way
	began time.Time // when the conversation that is under way did; zero: none is
	open  int
}

// NewAccount opens an account. Fields of the budget that are zero take those of DefaultBudget.
func NewAccount(b Budget, p Prices) *Account {
	return &Account{budget: b.or(DefaultBudget()), prices: p, now: time.Now}
}

// Share opens an account within this one, for a part of the work: what it uses counts in both, and either can be used up. Fields that are zero are bounded
// by this one alone.
func (a *Account) Share(b Budget) *Account {
	b = b.or(a.budget)
	if b.Cost <= 0 {
		b.Cost = a.budget.Cost
	}
	return &Account{budget: b, prices: a.prices, above: a, now: a.now}
}

// Budget is what there was to spend.
func (a *Account) Budget() Budget { return a.budget }

// Spent is what was spent so far.
func (a *Account) Spent() Spent {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.spentNow()
}

func (a *Account) spentNow() Spent {
	s := a.spent
	if a.open > 0 {
		s.Wall += a.now().Sub(a.began)
	}
	s.Cost = a.prices.cost(s.Tokens)
	return s
}

// enter starts the clock, leave stops it.
func (a *Account) enter() {
	if a.above != nil {
		a.above.enter()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open++; a.open == 1 {
		a.began = a.now()
	}
}

func (a *Account) leave() {
	if a.above != nil {
		a.above.leave()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open--; a.open == 0 {
		a.spent.Wall += a.now().Sub(a.began)
	}
}

// spend counts.
func (a *Account) spend(s Spent) {
	if a.above != nil {
		a.above.spend(s)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.spent.Turns += s.Turns
	a.spent.Tokens.add(s.Tokens)
	a.spent.Fuel += s.Fuel
	a.spent.HostCalls += s.HostCalls
	a.spent.Wall += s.Wall
}

// over says which part of the budget is used up; empty: none.
func (a *Account) over() string {
	if a.above != nil {
		if why := a.above.over(); why != "" {
			return why
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, b := a.spentNow(), a.budget
	switch {
	case s.Turns >= b.Turns:
		return fmt.Sprintf("all of its %d turns are used", b.Turns)
	case s.Tokens.Total() >= b.Tokens:
		return fmt.Sprintf("its %s tokens are used (%s)", units.Count(b.Tokens), units.Count(s.Tokens.Total()))
	case s.Fuel >= b.Fuel:
		return fmt.Sprintf("its fuel of %s units is used", units.Count(b.Fuel))
	case s.HostCalls >= b.HostCalls:
		return fmt.Sprintf("its %d host calls are used", b.HostCalls)
	case s.Wall >= b.Wall:
		return fmt.Sprintf("its time of %s is over", units.Duration(b.Wall))
	case b.Cost > 0 && s.Cost >= b.Cost:
		return fmt.Sprintf("its %s are spent", b.Cost)
	}
	return ""
}

// left is what a program may still use.
func (a *Account) left() (fuel, calls int64, wall time.Duration) {
	fuel, calls, wall = math.MaxInt64, math.MaxInt64, math.MaxInt64
	for ; a != nil; a = a.above {
		a.mu.Lock()
		s := a.spentNow()
		fuel, calls, wall = min(fuel, a.budget.Fuel-s.Fuel), min(calls, a.budget.HostCalls-s.HostCalls), min(wall, a.budget.Wall-s.Wall)
		a.mu.Unlock()
	}
	return fuel, calls, wall
}

// leastAnswer is the least room for an answer with which it is worth asking, in tokens.
const leastAnswer = 64

// reserve sets tokens aside for a request whose prompt has about so many, and returns how many the answer may have; 0 when there are too few left.
func (a *Account) reserve(prompt, answer int64) int64 {
	answer = min(answer, a.room(prompt))
	if answer < leastAnswer {
		return 0
	}
	a.hold(prompt + answer)
	return answer
}

func (a *Account) room(prompt int64) int64 {
	room := int64(math.MaxInt64)
	for ; a != nil; a = a.above {
		a.mu.Lock()
		s := a.spentNow()
		room = min(room, a.budget.Tokens-s.Tokens.Total()-a.held-prompt)
		if a.budget.Cost > 0 && a.prices.Completion > 0 {
			left := float64(a.budget.Cost-s.Cost) - float64(prompt)*a.prices.Prompt*1000
			room = min(room, int64(left/(a.prices.Completion*1000)))
		}
		a.mu.Unlock()
	}
	return room
}

func (a *Account) hold(tokens int64) {
	for ; a != nil; a = a.above {
		a.mu.Lock()
		a.held += tokens
		a.mu.Unlock()
	}
}

package llm

import (
	"context"
	"fmt"
	"sync"
)

// DefaultBudget is how many tokens a run has when nobody says.
const DefaultBudget = 20_000

// Budget is how many tokens one run may use, prompts and answers together. What a call can use at most is reserved before it is sent, a token for each byte of
// the prompt, and what it did not use is given back; so calls side by side stay within it. It is safe for concurrent use.
type Budget struct {
	mu       sync.Mutex
	limit    int
	used     int
	reserved int
	settled  chan struct{} // closed when a reservation ends
}

// NewBudget returns a budget of so many tokens; DefaultBudget when they are not positive.
func NewBudget(tokens int) *Budget {
	if tokens <= 0 {
		tokens = DefaultBudget
	}
	return &Budget{limit: tokens, settled: make(chan struct{})}
}

type budgetKey struct{}

// WithBudget gives the calls under ctx the budget of their run. Without one they fail.
func WithBudget(ctx context.Context, b *Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, b)
}

// Used returns how many tokens were used of how many.
func (b *Budget) Used() (used, limit int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, b.limit
}

// Restore notes that so many tokens were used earlier.
func (b *Budget) Restore(used int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used = max(b.used, used)
}

// reserve takes tokens. While calls under way hold what it needs, it waits for them.
func (b *Budget) reserve(ctx context.Context, tokens int) error {
	for {
		b.mu.Lock()
		left := b.limit - b.used
		if tokens > left {
			b.mu.Unlock()
			return failure(fmt.Sprintf("the run has %d of %d tokens left, and this call may need %d: one for each byte of the prompt, and max_tokens", max(left, 0), b.limit, tokens), "shorten the prompt or lower max_tokens, or go on with the answers so far")
		}
		if b.reserved+tokens <= left {
			b.reserved += tokens
			b.mu.Unlock()
			return nil
		}
		settled := b.settled
		b.mu.Unlock()
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settle ends a reservation.
func (b *Budget) settle(reserved, used int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved -= reserved
	b.used += used
	close(b.settled)
	b.settled = make(chan struct{})
}

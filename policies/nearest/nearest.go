// Package nearest finds the name that a misspelt one most likely meant, for the hints in error messages.
package nearest

import "slices"

// Name returns the name that a misspelt one most likely meant, or "": at most a third of its letters may differ, a swap of two
// neighbours counting as one (optimal string alignment distance).
func Name(name string, candidates []string) string {
	best, bestDistance := "", len(name)/3+1
	for _, c := range candidates {
		// Of two that are as near, the first in the alphabet.
		if d := distance(name, c, bestDistance+1); d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance gives up at bound: names come from the guest and may be long.
func distance(a, b string, bound int) int {
	if len(a)-len(b) >= bound || len(b)-len(a) >= bound || len(a) > 256 {
		return bound
	}
	var before []int
	previous, current := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, slices.Clone(current)
	}
	return previous[len(b)]
}

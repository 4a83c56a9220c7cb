package main

import (
	"math"
	"slices"
	"time"
)

// samples are the durations of one thing, measured again and again.
type samples []time.Duration

// percentile returns the smallest sample that at least p percent of them do not exceed.
func (s samples) percentile(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	at := int(math.Ceil(p/100*float64(len(sorted)))) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}

func (s samples) median() time.Duration { return s.percentile(50) }

// fastest is the figure for pure computing: what else runs on the machine only ever adds to it.
func (s samples) fastest() time.Duration { return s.percentile(0) }

// time measures f and keeps how long it took, unless it failed.
func (s *samples) time(f func() error) error {
	start := time.Now()
	err := f()
	if err == nil {
		*s = append(*s, time.Since(start))
	}
	return err
}

// repeat calls f n times, until the first error.
func repeat(n int, f func() error) error {
	for range n {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func medianOf(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

func geometricMean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(values)))
}

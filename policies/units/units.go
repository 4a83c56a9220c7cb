// Package units reads and writes quantities as people write them: sizes (64MiB), counts (2G of fuel) and durations (5s). Flags of the
// command, policy documents and messages use the same spelling through it. It imports nothing of ours.
//
// All three accept underscores between digits (1_000_000), fractions (1.5GB), a space before the unit and any case. Negative, infinite
// and overflowing quantities are errors; zero is not, because only the caller knows whether it makes sense.
package units

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Bytes is a size in bytes. As text: K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024, kB, MB, GB, TB powers of 1000; a plain number
// is bytes.
type Bytes int64

// Count is a number of things, such as fuel units or calls. As text: K, M, G, T are powers of 1000.
type Count int64

// Duration is a time span. As text: as Go writes them (1m30s, 500ms, 2h); a plain number is seconds.
type Duration time.Duration

// Error says why a text is no quantity.
type Error struct {
	Text     string // as it was given
	Quantity string // "size", "count" or "duration"
	Reason   string
	Examples string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%q is not a %s: %s; write it like %s", shorten(e.Text), e.Quantity, e.Reason, e.Examples)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

const (
	sizeExamples     = "64MiB, 1.5GB or 65536"
	countExamples    = "2G, 500M or 1_000_000"
	durationExamples = "5s, 500ms, 1m30s or 30"
)

var (
	_ interface{ UnmarshalText([]byte) error } = (*Bytes)(nil)
	_ interface{ UnmarshalText([]byte) error } = (*Count)(nil)
	_ interface{ UnmarshalText([]byte) error } = (*Duration)(nil)
)

func sizeUnit(unit string) (int64, bool) {
	switch strings.ToLower(unit) {
	case "", "b", "byte", "bytes":
		return 1, true
	case "k", "ki", "kib":
		return 1 << 10, true
	case "m", "mi", "mib":
		return 1 << 20, true
	case "g", "gi", "gib":
		return 1 << 30, true
	case "t", "ti", "tib":
		return 1 << 40, true
	case "kb":
		return 1e3, true
	case "mb":
		return 1e6, true
	case "gb":
		return 1e9, true
	case "tb":
		return 1e12, true
	}
	return 0, false
}

func countUnit(unit string) (int64, bool) {
	switch strings.ToLower(unit) {
	case "":
		return 1, true
	case "k":
		return 1e3, true
	case "m":
		return 1e6, true
	case "g":
		return 1e9, true
	case "t":
		return 1e12, true
	}
	return 0, false
}

// ParseBytes reads a size. A fraction of a byte is dropped.
func ParseBytes(s string) (Bytes, error) {
	n, err := parse(s, "size", sizeExamples, sizeUnit)
	return Bytes(n), err
}

// ParseCount reads a count. A fraction of one is dropped.
func ParseCount(s string) (Count, error) {
	n, err := parse(s, "count", countExamples, countUnit)
	return Count(n), err
}

// ParseDuration reads a duration.
func ParseDuration(s string) (Duration, error) {
	text := strings.TrimSpace(s)
	fail := func(reason string) (Duration, error) {
		return 0, &Error{Text: s, Quantity: "duration", Reason: reason, Examples: durationExamples}
	}
	switch {
	case text == "":
		return fail("it is empty")
	case strings.HasPrefix(text, "-"):
		return fail("it is negative")
	}
	number, unit := split(text)
	if unit == "" && number != "" {
		n, err := parse(s, "duration", durationExamples, func(string) (int64, bool) { return int64(time.Second), true })
		return Duration(n), err
	}
	d, err := time.ParseDuration(strings.ToLower(strings.ReplaceAll(text, " ", "")))
	if err != nil {
		switch {
		case number == "":
			return fail("it does not start with a number")
		case strings.Contains(err.Error(), "unknown unit"):
			return fail(fmt.Sprintf("the unit %q is not known", shorten(unit)))
		}
		return fail("it is malformed or too long")
	}
	return Duration(d), nil
}

// split cuts a text into a number and the unit after it.
func split(s string) (number, unit string) {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || s[end] == '_') {
		end++
	}
	// 2e9: an exponent only when digits follow.
	if rest := s[end:]; end > 0 && len(rest) > 1 && (rest[0] == 'e' || rest[0] == 'E') && rest[1] >= '0' && rest[1] <= '9' {
		end++
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
	}
	return s[:end], strings.TrimSpace(s[end:])
}

func parse(s, quantity, examples string, unitOf func(string) (int64, bool)) (int64, error) {
	fail := func(reason string) (int64, error) {
		return 0, &Error{Text: s, Quantity: quantity, Reason: reason, Examples: examples}
	}
	text := strings.TrimSpace(s)
	switch {
	case text == "":
		return fail("it is empty")
	case strings.HasPrefix(text, "-"):
		return fail("it is negative")
	case len(text) > 64:
		return fail("it is too long")
	}
	number, unit := split(strings.TrimPrefix(text, "+"))
	if number == "" {
		return fail("it does not start with a number")
	}
	factor, ok := unitOf(unit)
	if !ok {
		return fail(fmt.Sprintf("the unit %q is not known", shorten(unit)))
	}
	if strings.HasPrefix(number, "_") || strings.HasSuffix(number, "_") || strings.Contains(number, "__") || strings.Contains(number, "_.") || strings.Contains(number, "._") {
		return fail("an underscore stands between digits")
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(number, "_", "")), "e")
	if e, err := strconv.Atoi(exponent); exponent != "" && (err != nil || e > 18) {
		return fail("it is too large")
	}
	if exponent != "" {
		mantissa += "e" + exponent
	}
	// Rational arithmetic: 0.1GB is 100,000,000 bytes exactly. The exponent is bounded above, so it stays small.
	v, ok := new(big.Rat).SetString(mantissa)
	if !ok {
		return fail("the number is malformed")
	}
	v.Mul(v, new(big.Rat).SetInt64(factor))
	whole := new(big.Int).Quo(v.Num(), v.Denom())
	if !whole.IsInt64() {
		return fail("it is too large")
	}
	return whole.Int64(), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	*b, err = ParseBytes(string(text))
	return err
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Count) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCount(string(text))
	return err
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDuration(string(text))
	return err
}

// String writes a size for reading: exact below 10 KiB, with at most two decimals above. 64 MiB, 1.5 GiB, 300 bytes.
func (b Bytes) String() string {
	if b > -10<<10 && b < 10<<10 && b%1024 != 0 || b > -1024 && b < 1024 {
		if b == 1 {
			return "1 byte"
		}
		return strconv.FormatInt(int64(b), 10) + " bytes"
	}
	v, unit := float64(b), ""
	for _, u := range [...]string{"KiB", "MiB", "GiB", "TiB"} {
		if v > -1024 && v < 1024 {
			break
		}
		v, unit = v/1024, u
	}
	return decimals(v, 2) + " " + unit
}

// String writes a count for reading, with at most two decimals: 2G, 1.5M, 300.
func (c Count) String() string {
	v, unit := float64(c), ""
	for _, u := range [...]string{"K", "M", "G", "T"} {
		if v > -1000 && v < 1000 {
			break
		}
		v, unit = v/1000, u
	}
	return decimals(v, 2) + unit
}

// String writes a duration for reading, with at most two decimals: 1.5 s, 12 ms, 2 min.
func (d Duration) String() string {
	t := time.Duration(d)
	switch a := max(t, -t); {
	case a == 0:
		return "0 s"
	case a < time.Millisecond:
		return decimals(float64(t)/float64(time.Microsecond), 0) + " µs"
	case a < time.Second:
		return decimals(float64(t)/float64(time.Millisecond), 1) + " ms"
	case a < 2*time.Minute:
		return decimals(t.Seconds(), 2) + " s"
	case a < 2*time.Hour:
		return decimals(t.Minutes(), 1) + " min"
	}
	return decimals(t.Hours(), 1) + " h"
}

func decimals(v float64, n int) string {
	s := strconv.FormatFloat(v, 'f', n, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

package units

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "65536": 65536, "64MiB": 64 << 20, "64M": 64 << 20, "64mb": 64e6, "64 MiB": 64 << 20, "1.5GB": 1.5e9, "0.1GB": 1e8, "1.5k": 1536,
		"1_000": 1000, "2T": 2 << 40, "3 bytes": 3, "+7b": 7, "1e6": 1e6, "2e3kB": 2e6, "0.4": 0, "8388607T": 8388607 << 40,
	} {
		if got, err := ParseBytes(text); err != nil || int64(got) != want {
			t.Errorf("ParseBytes(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]int64{"2G": 2e9, "500m": 5e8, "1_000_000": 1e6, "1.5K": 1500, "2e9": 2e9, "10": 10} {
		if got, err := ParseCount(text); err != nil || int64(got) != want {
			t.Errorf("ParseCount(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]time.Duration{"5s": 5 * time.Second, "500ms": 500 * time.Millisecond, "1m30s": 90 * time.Second, "30": 30 * time.Second,
		"0.5": 500 * time.Millisecond, "1H": time.Hour, "5 s": 5 * time.Second, "1_000": 1000 * time.Second} {
		if got, err := ParseDuration(text); err != nil || time.Duration(got) != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, time.Duration(got), err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	parsers := map[string]func(string) error{
		"size":     func(s string) error { _, err := ParseBytes(s); return err },
		"count":    func(s string) error { _, err := ParseCount(s); return err },
		"duration": func(s string) error { _, err := ParseDuration(s); return err },
	}
	for _, test := range []struct{ quantity, text, says string }{
		{"size", "", "empty"}, {"size", "-1", "negative"}, {"size", "64Mx", `unit "Mx"`}, {"size", "lots", "start with a number"},
		{"size", "1e400", "too large"}, {"size", "9999999T", "too large"}, {"size", "1__0", "underscore"}, {"size", "_1", "underscore"}, {"size", "1.2.3", "malformed"},
		{"size", ".", "malformed"}, {"size", "inf", "start with a number"}, {"size", "NaN", "start with a number"}, {"size", "0x10", `unit "x10"`}, {"size", strings.Repeat("9", 100), "too long"},
		{"count", "2GiB", `unit "GiB"`}, {"count", "5s", `unit "s"`}, {"count", "99999999T", "too large"},
		{"duration", "5 parsecs", `unit "parsecs"`}, {"duration", "-5s", "negative"}, {"duration", "s", "start with a number"}, {"duration", "9999999h", "malformed or too long"},
		{"duration", "9e18", "too large"},
	} {
		err := parsers[test.quantity](test.text)
		var e *Error
		if !errors.As(err, &e) || e.Text != test.text || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "write it like") {
			t.Errorf("%s %q: %v", test.quantity, test.text, err)
		}
	}
}

func TestString(t *testing.T) {
	for b, want := range map[Bytes]string{0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1024: "1 KiB", 1025: "1025 bytes", 64 << 20: "64 MiB", 3 << 29: "1.5 GiB", 1e6: "976.56 KiB", math.MaxInt64: "8388608 TiB"} {
		if b.String() != want {
			t.Errorf("%d: %s, want %s", int64(b), b, want)
		}
	}
	for c, want := range map[Count]string{0: "0", 999: "999", 1000: "1K", 2e9: "2G", 1_234_567: "1.23M", 5e15: "5000T"} {
		if c.String() != want {
			t.Errorf("%d: %s, want %s", int64(c), c, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0 s", 1500: "2 µs", 12 * time.Millisecond: "12 ms", 90 * time.Second: "90 s", 5 * time.Minute: "5 min", 24 * time.Hour: "24 h"} {
		if got := Duration(d).String(); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"64MiB", "1e9", "1_0", "5s", "-1", "1.5GB", "9e999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if b, err := ParseBytes(s); err == nil && b < 0 {
			t.Errorf("%q is %d", s, b)
		}
		if c, err := ParseCount(s); err == nil && c < 0 {
			t.Errorf("%q is %d", s, c)
		}
		if d, err := ParseDuration(s); err == nil && d < 0 {
			t.Errorf("%q is %d", s, d)
		}
	})
}

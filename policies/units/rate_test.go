package units

import (
	"errors"
	"testing"
	"time"
)

func TestParseRate(t *testing.T) {
	good := map[string]Rate{
		"10/1m": {10, Duration(time.Minute)}, "100/s": {100, Duration(time.Second)}, "1K/1h": {1000, Duration(time.Hour)},
		"5 / 30": {5, Duration(30 * time.Second)}, "2/500ms": {2, Duration(500 * time.Millisecond)},
	}
	for text, want := range good {
		got, err := ParseRate(text)
		if err != nil || got != want {
			t.Errorf("ParseRate(%q) = %v, %v; want %v", text, got, err, want)
		}
		if again, err := ParseRate(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %q, which reads as %v, %v", text, got.String(), again, err)
		}
	}
	for _, text := range []string{"", "10", "10/", "/1m", "0/1m", "10/0s", "-1/1m", "ten/1m", "10/fortnight", "10/1m/2"} {
		_, err := ParseRate(text)
		var e *Error
		if !errors.As(err, &e) || e.Quantity != "rate" {
			t.Errorf("ParseRate(%q) = %v; want an *Error about a rate", text, err)
		}
	}
}

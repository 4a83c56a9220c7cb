package nearest

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestName(t *testing.T) {
	names := []string{"kv.get", "kv.set", "search", "mail.send", "limit", "query"}
	for given, want := range map[string]string{
		"serach": "search", "searh": "search", "searchh": "search", "sarch": "search", "kv.gt": "kv.get", "kv.gte": "kv.get", "limt": "limit",
		"qurey": "query", "mailsend": "mail.send", "Search": "search",
		"": "", "x": "", "find": "", "kv": "", "completely different": "", strings.Repeat("s", 10_000): "",
	} {
		if got := Name(given, slices.Clone(names)); got != want {
			t.Errorf("%.40q: %q, want %q", given, got, want)
		}
	}
	if got := Name("a", nil); got != "" {
		t.Error(got)
	}
	// Of two that are equally near, the first by name, in whatever order they come.
	if got := Name("kv.bet", []string{"kv.set", "kv.get"}); got != "kv.get" {
		t.Error(got)
	}
}

// What is named is never further away than a third of the letters, and one wrong letter in a longer name is always understood.
func TestNameIsNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-c.]{4,12}`).Draw(t, "name")
		others := rapid.SliceOf(rapid.StringMatching(`[a-c.]{1,12}`)).Draw(t, "others")
		if best := Name(name, others); best != "" && plain(name, best) > len(name)/3 {
			t.Fatalf("%q for %q", best, name)
		}
		i := rapid.IntRange(0, len(name)-1).Draw(t, "at")
		wrong := name[:i] + "x" + name[i+1:]
		if best := Name(wrong, append(others, name)); best == "" || plain(wrong, best) > 1 {
			t.Fatalf("%q for %q", best, wrong)
		}
	})
}

// plain is the distance by its definition.
func plain(a, b string) int {
	switch {
	case a == "" || b == "":
		return len(a) + len(b)
	case a[0] == b[0]:
		return plain(a[1:], b[1:])
	}
	d := 1 + min(plain(a[1:], b), plain(a, b[1:]), plain(a[1:], b[1:]))
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, 1+plain(a[2:], b[2:]))
	}
	return d
}

package policies

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cedar-policy/cedar-go/types"

	"wand/policies/units"
)

// Bounds of what one decision converts. What no rule looks at is not converted and not bounded.
const (
	maxValueDepth = 32
	maxValues     = 4096    // numbers, texts, lists and maps together
	maxValueBytes = 1 << 20 // of texts and keys together
)

// null stands for JSON's null, so that "has" sees it and nothing else equals it.
var null = types.NewEntityUID(namespace+"Null", "null")

// budget counts down while values are converted.
type budget struct{ values, bytes int }

// convert turns a decoded JSON value into Cedar's:
//
//	true, false     Bool
//	text            String
//	whole number    Long, where it fits 64 bits; 5.0 is 5
//	other number    decimal, where four digits after the point hold it exactly; else a String of its JSON text
//	list            Set: order and repetition are lost
//	map             Record
//	null            the entity Wand::Null::"null"
//
// Nothing is rounded and nothing is left out: a rule that compares a number with a value of another type cannot be evaluated, which denies.
func (b *budget) convert(v any, depth int) (types.Value, error) {
	if b.values--; b.values < 0 {
		return nil, fmt.Errorf("it has more than %d values", maxValues)
	}
	if depth > maxValueDepth {
		return nil, fmt.Errorf("it nests deeper than %d levels", maxValueDepth)
	}
	switch v := v.(type) {
	case nil:
		return null, nil
	case bool:
		return types.Boolean(v), nil
	case string:
		if b.bytes -= len(v); b.bytes < 0 {
			return nil, fmt.Errorf("it is larger than %s", units.Bytes(maxValueBytes))
		}
		return types.String(v), nil
	case int:
		return types.Long(v), nil
	case int64:
		return types.Long(v), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
			return types.Long(int64(v)), nil
		}
		return fraction(strconv.FormatFloat(v, 'f', -1, 64)), nil
	case json.Number:
		return b.number(string(v))
	case []any:
		items := make([]types.Value, len(v))
		for i, item := range v {
			value, err := b.convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			items[i] = value
		}
		return types.NewSet(items...), nil
	case map[string]any:
		record := make(types.RecordMap, min(len(v), maxValues))
		for key, item := range v {
			if b.bytes -= len(key); b.bytes < 0 {
				return nil, fmt.Errorf("it is larger than %s", units.Bytes(maxValueBytes))
			}
			value, err := b.convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			record[types.String(key)] = value
		}
		return types.NewRecord(record), nil
	}
	return nil, fmt.Errorf("it has a value that is no JSON (%T)", v)
}

// number reads the text of a JSON number without rounding it.
func (b *budget) number(text string) (types.Value, error) {
	if b.bytes -= len(text); b.bytes < 0 {
		return nil, fmt.Errorf("it is larger than %s", units.Bytes(maxValueBytes))
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return types.Long(n), nil
	}
	// 5.0 and 5e3 are whole numbers too, as they are when they come as float64.
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 && exact(text, f) {
		return types.Long(int64(f)), nil
	}
	return fraction(text), nil
}

// exact reports whether text, which reads as the whole number f, has no digits that float64 dropped.
func exact(text string, f float64) bool {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if exponent != "" {
		// The digits of f are few enough to compare when written the same way.
		return strings.TrimRight(strings.Replace(mantissa, ".", "", 1), "0") == strings.TrimRight(strconv.FormatInt(int64(f), 10), "0") ||
			strings.Trim(strings.Replace(mantissa, ".", "", 1), "-0") == strings.Trim(strconv.FormatInt(int64(f), 10), "-0")
	}
	_, digits, _ := strings.Cut(mantissa, ".")
	return strings.Trim(digits, "0") == ""
}

// fraction is a decimal where that is exact, and the text itself otherwise.
func fraction(text string) types.Value {
	whole, digits, ok := strings.Cut(text, ".")
	if ok && len(digits) > 4 && !strings.ContainsAny(digits, "eE") {
		text = whole + "." + digits[:4] + strings.TrimRight(digits[4:], "0")
	}
	if d, err := types.ParseDecimal(text); err == nil {
		return d
	}
	return types.String(text)
}

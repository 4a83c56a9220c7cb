package sql

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"wand/hostfuncs"
)

// result writes {"columns": [...], "rows": [...], "truncated": false} within its limits.
type result struct {
	maxRows, maxBytes int

	json      bytes.Buffer
	rows      int
	truncated bool
}

func (r *result) begin(columns []string) {
	r.json.WriteString(`{"columns":[`)
	for i, name := range columns {
		if i > 0 {
			r.json.WriteByte(',')
		}
		r.text(name)
	}
	r.json.WriteString(`],"rows":[`)
}

func (r *result) row(values []any) (more bool, err error) {
	if r.rows == r.maxRows {
		r.truncated = true
		return false, nil
	}
	before := r.json.Len()
	if r.rows > 0 {
		r.json.WriteByte(',')
	}
	r.json.WriteByte('[')
	for i, v := range values {
		if i > 0 {
			r.json.WriteByte(',')
		}
		r.value(v)
		if r.json.Len() > r.maxBytes {
			break
		}
	}
	r.json.WriteByte(']')
	if r.json.Len() > r.maxBytes {
		if r.rows == 0 {
			return false, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("the first row alone is larger than the %d bytes of a result", r.maxBytes), Hint: "select fewer columns, or parts of values with substr(column, start, length)"}
		}
		r.json.Truncate(before)
		r.truncated = true
		return false, nil
	}
	r.rows++
	return true, nil
}

func (r *result) end() json.RawMessage {
	r.json.WriteString(`],"truncated":` + strconv.FormatBool(r.truncated) + `}`)
	return r.json.Bytes()
}

// value writes a value; what JSON has no type for is tagged as modules/ABI.md says.
func (r *result) value(v any) {
	switch v := v.(type) {
	case nil:
		r.json.WriteString("null")
	case int64:
		if v > 1<<53-1 || v < -(1<<53-1) {
			fmt.Fprintf(&r.json, `{"$type":"int","value":"%d"}`, v)
			return
		}
		r.json.WriteString(strconv.FormatInt(v, 10))
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			fmt.Fprintf(&r.json, `{"$type":"float","value":"%s"}`, strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64)), "+"))
			return
		}
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0" // it stays a float in languages that have both
		}
		r.json.WriteString(s)
	case string:
		r.text(v)
	case []byte:
		r.json.WriteString(`{"$type":"bytes","value":"`)
		r.json.WriteString(base64.StdEncoding.EncodeToString(v))
		r.json.WriteString(`"}`)
	}
}

func (r *result) text(s string) {
	e := json.NewEncoder(&r.json)
	e.SetEscapeHTML(false)
	// A string can always be written; bytes that are not UTF-8 become U+FFFD.
	if e.Encode(s) == nil {
		r.json.Truncate(r.json.Len() - 1)
	}
}

// binder returns what gives a statement the parameters of a call.
func binder(parameters json.RawMessage) (func(*statement) error, error) {
	d := json.NewDecoder(bytes.NewReader(parameters))
	d.UseNumber()
	var given any
	if len(parameters) > 0 {
		if err := d.Decode(&given); err != nil {
			return nil, err
		}
	}
	return func(s *statement) error {
		names := s.parameters()
		switch given := given.(type) {
		case []any:
			if len(given) != len(names) {
				return argument(fmt.Sprintf("the query has %d parameters, but %d values were given", len(names), len(given)), "give one value for each ?")
			}
			for i, v := range given {
				if err := bindJSON(s, i, v); err != nil {
					return err
				}
			}
		case map[string]any:
			used := 0
			for i, name := range names {
				v, ok := given[strings.TrimLeft(name, ":@$")]
				if !ok {
					v, ok = given[name]
				}
				if !ok || name == "" || name[0] == '?' {
					return argument(fmt.Sprintf("there is no value for the parameter %q", name+map[bool]string{true: "?"}[name == ""]), "write :name in the query, and give {name: value}")
				}
				used++
				if err := bindJSON(s, i, v); err != nil {
					return err
				}
			}
			if used < len(given) {
				return argument(fmt.Sprintf("the query has %d named parameters, but %d values were given", used, len(given)), "write :name in the query for each of them")
			}
		case nil:
			if len(names) > 0 {
				return argument(fmt.Sprintf("the query has %d parameters, but no values were given", len(names)), "give them as the argument parameters")
			}
		}
		return nil
	}, nil
}

func bindJSON(s *statement, i int, v any) error {
	switch n := v.(type) {
	case json.Number:
		if integer, err := n.Int64(); err == nil {
			return s.bind(i, integer)
		}
		f, err := n.Float64()
		if err != nil {
			return argument("a parameter is a number that is too large", "send it as text")
		}
		return s.bind(i, f)
	case []any, map[string]any:
		return argument(fmt.Sprintf("the parameter at %d is a list or an object", i), "send text, a number, true, false or null; a list can be sent as JSON text and read with json_each(?)")
	}
	return s.bind(i, v)
}

func argument(message, hint string) error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: "sql.query: " + message, Hint: hint}
}

// codeError is SQLite's code for what is wrong with a query itself.
const codeError = sqlite3.SQLITE_ERROR

// explain is an error that a program can act on, and that names nothing of the host.
func explain(ctx context.Context, d Database, err error) error {
	var known *hostfuncs.Error
	var f *failed
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &hostfuncs.Error{Type: hostfuncs.TimeoutError, Message: fmt.Sprintf("the query took longer than the %v that it may", d.Timeout), Hint: "let it read less: a WHERE on an indexed column, fewer joins, a LIMIT"}
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &f):
		return argument(err.Error(), "")
	}
	e := &hostfuncs.Error{Type: hostfuncs.ToolError}
	switch f.code {
	case sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		e.Type = hostfuncs.PermissionError
		e.Message, e.Hint = "the query does something other than reading tables", "use SELECT only; functions and pragmas that reach outside of the tables are not there"
		if strings.HasPrefix(f.message, "not authorized to use function") {
			e.Message = f.message
		}
	case sqlite3.SQLITE_TOOBIG:
		e.Message, e.Hint = fmt.Sprintf("the query is longer than %d bytes, or makes or reads a value that is longer than %d", maxQuery, maxValue), "select parts of long values"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		e.Message, e.Hint = "somebody is writing to the database", "try again in a moment"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT:
		e.Message, e.Hint = "the database's file is damaged", "go on without it; only the host's owner can repair it"
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_CONSTRAINT:
		e.Message = strings.ReplaceAll(strings.ToValidUTF8(f.message, "\uFFFD"), d.File, "the database")
		if strings.HasPrefix(e.Message, "no such") {
			e.Hint = "sql.tables shows what there is"
		}
	default:
		e.Message, e.Hint = "the database could not be read on the host", "go on without it; only the host's owner can see to it"
	}
	return e
}

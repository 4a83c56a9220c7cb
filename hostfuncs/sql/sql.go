// Package sql is the tools with which a program queries SQLite files of the host that its policy names. A query only reads: the file is opened for reading
// only, and an authorizer lets nothing through but SELECT, the functions that compute, and the pragmas that describe tables. So there is no way to
// another file, to a change, or to the file's own place on the host.
//
// A query ends at its time, wherever it is; its result ends at so many rows and bytes; a single value has a longest length. Sorting more than fits in a few
// megabytes uses SQLite's temporary files on the host, which the time bounds. The runtime makes one SQL for a policy's databases. It imports only hostfuncs
// and policies.
package sql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wand/hostfuncs"
	"wand/policies"
	"wand/policies/nearest"
)

// Limits.
const (
	DefaultMaxRows  = 10_000
	DefaultMaxBytes = 4 << 20 // JSON of one result
	DefaultTimeout  = 2 * time.Second
	maxQuery        = 64 << 10 // bytes of SQL
	maxValue        = 1 << 20  // bytes of one value, also within the computation
	maxTables       = 1000     // tables that sql.tables describes
	atWork          = 4        // queries at a time; others wait within their time
)

// Database is a SQLite file.
type Database struct {
	Name    string        // what programs call it
	File    string        // never written
	MaxRows int           // most rows of one result; default DefaultMaxRows
	Timeout time.Duration // of one query; default DefaultTimeout
}

// Config of the tools.
type Config struct {
	Databases []Database
	// MaxBytes bounds one result, in bytes of JSON. Default DefaultMaxBytes.
	MaxBytes int
}

// SQL makes the tools. Nothing stays open between calls.
type SQL struct {
	databases map[string]Database
	names     []string
	maxBytes  int
	slots     chan struct{} // queries at work
}

// New checks that each file is there and is a SQLite database.
func New(c Config) (*SQL, error) {
	s := &SQL{databases: map[string]Database{}, maxBytes: c.MaxBytes, slots: make(chan struct{}, atWork)}
	if s.maxBytes <= 0 {
		s.maxBytes = DefaultMaxBytes
	}
	var errs []error
	for _, d := range c.Databases {
		if err := s.add(d); err != nil {
			errs = append(errs, fmt.Errorf("database %s: %w", d.Name, err))
		}
	}
	slices.Sort(s.names)
	return s, errors.Join(errs...)
}

func (s *SQL) add(d Database) error {
	if _, twice := s.databases[d.Name]; twice || d.Name == "" {
		return errors.New("its name is empty or used twice")
	}
	path, err := filepath.Abs(d.File)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	}
	d.File = path
	if d.MaxRows <= 0 {
		d.MaxRows = DefaultMaxRows
	}
	if d.Timeout <= 0 {
		d.Timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.Timeout)
	defer cancel()
	conn, err := open(ctx, d.File, maxValue)
	if err != nil {
		return fmt.Errorf("%s cannot be opened: %w", path, err)
	}
	defer conn.close()
	if err := conn.run("SELECT count(*) FROM sqlite_schema", nil, nil, nil); err != nil {
		return fmt.Errorf("%s is not a SQLite database that can be read: %w", path, err)
	}
	s.databases[d.Name] = d
	s.names = append(s.names, d.Name)
	return nil
}

const (
	querySchema = `{"type": "object", "properties": {
	"database": {"type": "string", "description": "name of the database"},
	"query": {"type": "string", "description": "one SELECT in SQLite's dialect"},
	"parameters": {"type": ["array", "object", "null"], "description": "values for ? in order, or for :name by name: text, numbers, true, false, null"},
	"limit": {"type": "integer", "minimum": 1, "description": "most rows to return, if less than the database's own limit"}
}, "required": ["database", "query"], "additionalProperties": false}`
	resultSchema = `{"type": "object", "properties": {
	"columns": {"type": "array", "items": {"type": "string"}},
	"rows": {"type": "array", "items": {"type": "array"}, "description": "each row in the order of columns"},
	"truncated": {"type": "boolean", "description": "there was more than the limits allow"}
}, "required": ["columns", "rows", "truncated"]}`
)

// Table is one table or view in the result of sql.tables.
type Table struct {
	Name    string   `json:"name"`
	Type    string   `json:"type" jsonschema:"table or view"`
	Columns []Column `json:"columns"`
}

// Column is a column of a Table.
type Column struct {
	Name       string `json:"name"`
	Type       string `json:"type" jsonschema:"as it was declared; may be empty"`
	NotNull    bool   `json:"not_null"`
	PrimaryKey bool   `json:"primary_key"`
}

// Tools returns sql.query and sql.tables. Both ask the policy for the action sql.query on the database.
func (s *SQL) Tools() []*hostfuncs.Definition {
	query := hostfuncs.Dynamic("sql.query", "Runs one SELECT on a database and returns {columns, rows, truncated}.", json.RawMessage(querySchema), func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var in struct {
			Database, Query string
			Parameters      json.RawMessage
			Limit           int
		}
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, err
		}
		bind, err := binder(in.Parameters)
		if err != nil {
			return nil, err
		}
		return s.query(ctx, in.Database, in.Query, bind, in.Limit)
	})
	if err := json.Unmarshal([]byte(resultSchema), &query.Output); err != nil {
		panic(err) // the constant above is not a schema
	}

	tables := hostfuncs.Tool("sql.tables", "Describes the tables and views of a database.", func(ctx context.Context, in struct {
		Database string `json:"database" jsonschema:"name of the database"`
	}) ([]Table, error) {
		return s.tables(ctx, in.Database)
	})

	tools := []*hostfuncs.Definition{query, tables}
	for _, t := range tools {
		t.Effect = hostfuncs.ReadOnly
		t.Actions = []policies.Action{policies.ActionQuery}
		t.Requests = func(args json.RawMessage) ([]policies.Request, error) {
			var in struct{ Database string }
			err := json.Unmarshal(args, &in)
			return []policies.Request{{
				Action:   policies.ActionQuery,
				Resource: policies.Resource{Type: policies.ResourceDatabase, ID: in.Database},
				Context:  map[string]any{"tool": t.Name},
			}}, err
		}
	}
	return tools
}

// use opens a database for the time that one of its queries may take.
func (s *SQL) use(ctx context.Context, name string, do func(ctx context.Context, d Database, c *conn) error) error {
	d, ok := s.databases[name]
	if !ok {
		hint := "there is no database in this run"
		if best := nearest.Name(name, slices.Clone(s.names)); best != "" {
			hint = "did you mean " + best + "?"
		}
		return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: fmt.Sprintf("there is no database named %.100q", name), Hint: hint}
	}
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return explain(ctx, d, ctx.Err())
	}
	c, err := open(ctx, d.File, maxValue)
	if err == nil {
		defer c.close()
		err = do(ctx, d, c)
	}
	return explain(ctx, d, err)
}

func (s *SQL) query(ctx context.Context, database, query string, bind func(*statement) error, limit int) (json.RawMessage, error) {
	if strings.IndexByte(query, 0) >= 0 {
		return nil, &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: "sql.query: there is a NUL character in the query"}
	}
	r := &result{maxBytes: s.maxBytes}
	err := s.use(ctx, database, func(ctx context.Context, d Database, c *conn) error {
		r.maxRows = d.MaxRows
		if limit > 0 {
			r.maxRows = min(limit, d.MaxRows)
		}
		return c.run(query, bind, r.begin, r.row)
	})
	if err != nil {
		return nil, err
	}
	return r.end(), nil
}

func (s *SQL) tables(ctx context.Context, database string) ([]Table, error) {
	tables := []Table{}
	err := s.use(ctx, database, func(ctx context.Context, d Database, c *conn) error {
		err := c.run(`SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`, nil, nil, func(v []any) (bool, error) {
			tables = append(tables, Table{Name: text(v[0]), Type: text(v[1]), Columns: []Column{}})
			return len(tables) < maxTables, nil
		})
		for i := range tables {
			if err != nil {
				break
			}
			t := &tables[i]
			err = c.run(`SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1`, func(s *statement) error { return s.bind(0, t.Name) }, nil, func(v []any) (bool, error) {
				t.Columns = append(t.Columns, Column{text(v[0]), text(v[1]), v[2] != int64(0), v[3] != int64(0)})
				return true, nil
			})
			if broken := new(failed); errors.As(err, &broken) && broken.code == codeError && ctx.Err() == nil {
				err = nil // a view of something that is gone has no columns
			}
		}
		return err
	})
	return tables, err
}

func text(v any) string {
	s, _ := v.(string)
	return strings.ToValidUTF8(s, "\uFFFD")
}

// harmlessPragma says which pragmas a query may use, all of them to describe tables. data_version is FTS5's own.
func harmlessPragma(name string) bool {
	return slices.Contains([]string{"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list", "data_version"}, name)
}

// harmlessFunction says which functions a query may use: all but those that reach outside of the database, and those whose time grows with the square of
// what they are given, since nothing ends them before they return.
func harmlessFunction(name string) bool {
	return !strings.HasPrefix(name, "geopoly") && !slices.Contains([]string{
		"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_log",
		"json_patch", "jsonb_patch", "unhex",
	}, name)
}

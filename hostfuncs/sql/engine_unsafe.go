package sql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	_ "modernc.org/sqlite" // prepares the library for this system
	sqlite3 "modernc.org/sqlite/lib"
)

// This file talks to SQLite itself: the driver for database/sql stops listening to its context after the first row, and turns stored text into times.
// Pointers are those of the C library in Go and never of Go's heap.

// conn is one connection to one database, for one query. It is used by one goroutine.
type conn struct {
	tls    *libc.TLS
	db     uintptr
	stop   uintptr // int32 that is not 0 when the query has to end
	cancel func() bool
}

// failed is an error of SQLite.
type failed struct {
	code    int32 // primary result code
	message string
}

func (f *failed) Error() string { return f.message }

// engineLimits bound what one query takes of the host. What has no entry here (time, rows, bytes of the result) the caller bounds.
func engineLimits(valueBytes int) map[int32]int {
	return map[int32]int{
		sqlite3.SQLITE_LIMIT_LENGTH:              valueBytes,
		sqlite3.SQLITE_LIMIT_SQL_LENGTH:          maxQuery,
		sqlite3.SQLITE_LIMIT_COLUMN:              500,
		sqlite3.SQLITE_LIMIT_EXPR_DEPTH:          200,
		sqlite3.SQLITE_LIMIT_COMPOUND_SELECT:     100,
		sqlite3.SQLITE_LIMIT_VDBE_OP:             100_000,
		sqlite3.SQLITE_LIMIT_FUNCTION_ARG:        100,
		sqlite3.SQLITE_LIMIT_ATTACHED:            0,
		sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
		sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER:     1000,
		sqlite3.SQLITE_LIMIT_WORKER_THREADS:      0,
	}
}

// progressOps is how many instructions of SQLite's machine run between looks at the clock: well under a millisecond.
const progressOps = 1000

// open opens a file for reading. The query that follows ends when ctx does.
func open(ctx context.Context, path string, valueBytes int) (_ *conn, err error) {
	c := &conn{tls: libc.NewTLS()}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.stop, err = c.alloc(8); err != nil {
		return nil, err
	}
	libc.AtomicStorePInt32(c.stop, 0)
	c.cancel = context.AfterFunc(ctx, func() { libc.AtomicStorePInt32(c.stop, 1) })

	name, err := libc.CString(path)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	handle, err := c.alloc(8)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, handle)
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, handle, sqlite3.SQLITE_OPEN_READONLY|sqlite3.SQLITE_OPEN_NOMUTEX|sqlite3.SQLITE_OPEN_EXRESCODE, 0)
	c.db = libc.AtomicLoadPUintptr(handle)
	if rc != sqlite3.SQLITE_OK {
		return nil, c.fail(rc)
	}
	for id, most := range engineLimits(valueBytes) {
		sqlite3.Xsqlite3_limit(c.tls, c.db, id, int32(most))
	}
	for option, on := range map[int32]int32{sqlite3.SQLITE_DBCONFIG_DEFENSIVE: 1, sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA: 0} {
		args, err := c.alloc(16)
		if err != nil {
			return nil, err
		}
		rc := sqlite3.Xsqlite3_db_config(c.tls, c.db, option, libc.VaList(args, on, uintptr(0)))
		libc.Xfree(c.tls, args)
		if rc != sqlite3.SQLITE_OK {
			return nil, c.fail(rc)
		}
	}
	wait := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, max(time.Until(deadline), 0))
	}
	sqlite3.Xsqlite3_busy_timeout(c.tls, c.db, int32(wait.Milliseconds()))
	sqlite3.Xsqlite3_progress_handler(c.tls, c.db, progressOps, pointer(progress), c.stop)
	if err := c.functionsInstead(); err != nil {
		return nil, err
	}
	if err := c.run("PRAGMA query_only = 1", nil, nil, nil); err != nil {
		return nil, err
	}
	if rc := sqlite3.Xsqlite3_set_authorizer(c.tls, c.db, pointer(authorize), 0); rc != sqlite3.SQLITE_OK {
		return nil, c.fail(rc)
	}
	return c, nil
}

func (c *conn) close() {
	if c.cancel != nil && !c.cancel() {
		// The context has ended, and who sets the flag may still be at it.
		for libc.AtomicLoadPInt32(c.stop) == 0 {
			time.Sleep(time.Microsecond)
		}
	}
	if c.db != 0 {
		sqlite3.Xsqlite3_close_v2(c.tls, c.db)
	}
	if c.stop != 0 {
		libc.Xfree(c.tls, c.stop)
	}
	c.tls.Close()
}

// run runs one statement that only reads. bind may be nil. columns hears the names of the result's columns and row each row until it returns false; both may
// be nil.
func (c *conn) run(query string, bind func(*statement) error, columns func([]string), row func([]any) (bool, error)) error {
	text, err := libc.CString(query)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, text)
	out, err := c.alloc(16)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, out)
	rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, 0, out, out+8)
	s := &statement{c, libc.AtomicLoadPUintptr(out)}
	if rc != sqlite3.SQLITE_OK {
		return c.fail(rc)
	}
	if s.handle == 0 {
		return errors.New("there is no statement in the query")
	}
	defer sqlite3.Xsqlite3_finalize(c.tls, s.handle)
	if tail := query[libc.AtomicLoadPUintptr(out+8)-text:]; !blank(tail) {
		return errors.New("there is a second statement in the query; send one at a time")
	}
	if sqlite3.Xsqlite3_stmt_readonly(c.tls, s.handle) == 0 {
		return &failed{sqlite3.SQLITE_READONLY, ""}
	}
	if bind != nil {
		if err := bind(s); err != nil {
			return err
		}
	}
	n := int(sqlite3.Xsqlite3_column_count(c.tls, s.handle))
	if columns != nil {
		names := make([]string, n)
		for i := range names {
			names[i] = libc.GoString(sqlite3.Xsqlite3_column_name(c.tls, s.handle, int32(i)))
		}
		columns(names)
	}
	values := make([]any, n)
	for {
		switch rc := sqlite3.Xsqlite3_step(c.tls, s.handle); rc {
		case sqlite3.SQLITE_DONE:
			return nil
		case sqlite3.SQLITE_ROW:
		default:
			return c.fail(rc)
		}
		if row == nil {
			continue
		}
		for i := range values {
			values[i] = s.column(int32(i))
		}
		if more, err := row(values); !more || err != nil {
			return err
		}
	}
}

// blank says that there is nothing in a text but white space, semicolons and comments.
func blank(text string) bool {
	for {
		text = strings.TrimLeft(text, " \t\r\n\f;")
		var end string
		switch {
		case text == "":
			return true
		case strings.HasPrefix(text, "--"):
			end = "\n"
		case strings.HasPrefix(text, "/*"):
			end = "*/"
		default:
			return false
		}
		_, text, _ = strings.Cut(text[2:], end)
	}
}

// statement is a prepared statement. Columns and parameters count from 0 here.
type statement struct {
	c      *conn
	handle uintptr
}

// column is a value of the current row: nil, int64, float64, string or []byte.
func (s *statement) column(i int32) any {
	tls := s.c.tls
	switch sqlite3.Xsqlite3_column_type(tls, s.handle, i) {
	case sqlite3.SQLITE_INTEGER:
		return int64(sqlite3.Xsqlite3_column_int64(tls, s.handle, i))
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(tls, s.handle, i)
	case sqlite3.SQLITE_TEXT:
		p := sqlite3.Xsqlite3_column_text(tls, s.handle, i)
		return string(bytesAt(p, sqlite3.Xsqlite3_column_bytes(tls, s.handle, i)))
	case sqlite3.SQLITE_BLOB:
		p := sqlite3.Xsqlite3_column_blob(tls, s.handle, i)
		return append([]byte{}, bytesAt(p, sqlite3.Xsqlite3_column_bytes(tls, s.handle, i))...)
	}
	return nil
}

// parameters are the names of the statement's parameters, with their prefix; empty for a plain question mark.
func (s *statement) parameters() []string {
	names := make([]string, sqlite3.Xsqlite3_bind_parameter_count(s.c.tls, s.handle))
	for i := range names {
		if p := sqlite3.Xsqlite3_bind_parameter_name(s.c.tls, s.handle, int32(i)+1); p != 0 {
			names[i] = libc.GoString(p)
		}
	}
	return names
}

// bind gives a parameter a value: nil, bool, int64, float64 or string.
func (s *statement) bind(i int, value any) error {
	tls, at := s.c.tls, int32(i)+1
	rc := int32(sqlite3.SQLITE_OK)
	switch v := value.(type) {
	case nil:
		rc = sqlite3.Xsqlite3_bind_null(tls, s.handle, at)
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		rc = sqlite3.Xsqlite3_bind_int64(tls, s.handle, at, n)
	case int64:
		rc = sqlite3.Xsqlite3_bind_int64(tls, s.handle, at, v)
	case float64:
		rc = sqlite3.Xsqlite3_bind_double(tls, s.handle, at, v)
	case string:
		p, err := s.c.alloc(len(v) + 1)
		if err != nil {
			return err
		}
		defer libc.Xfree(tls, p)
		copy(libc.GoBytes(p, len(v)), v)
		rc = sqlite3.Xsqlite3_bind_text(tls, s.handle, at, p, int32(len(v)), sqlite3.SQLITE_TRANSIENT)
	default:
		return fmt.Errorf("a parameter is a %T; it can be text, a number, a truth value or null", v)
	}
	if rc != sqlite3.SQLITE_OK {
		return s.c.fail(rc)
	}
	return nil
}

func (c *conn) alloc(bytes int) (uintptr, error) {
	p := libc.Xmalloc(c.tls, types.Size_t(bytes))
	if p == 0 {
		return 0, &failed{sqlite3.SQLITE_NOMEM, ""}
	}
	return p, nil
}

func (c *conn) fail(rc int32) error {
	message := ""
	if c.db != 0 {
		message = libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
	}
	return &failed{rc & 0xff, message}
}

func bytesAt(p uintptr, n int32) []byte {
	if p == 0 || n <= 0 {
		return nil
	}
	return libc.GoBytes(p, int(n))
}

// pointer makes a C function pointer of a function declared at top level, in the representation that the C library in Go calls through: the address of
// the function's value (https://golang.org/s/go11func).
func pointer[F any](f F) uintptr {
	return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f}))
}

// progress ends a query when the flag that it is given is set.
func progress(_ *libc.TLS, stop uintptr) int32 { return libc.AtomicLoadPInt32(stop) }

// authorize is asked about everything that a statement does, when it is compiled.
func authorize(_ *libc.TLS, _ uintptr, action int32, first, second, _, _ uintptr) int32 {
	text := func(p uintptr) string {
		if p == 0 {
			return ""
		}
		return strings.ToLower(libc.GoString(p))
	}
	allowed := false
	switch action {
	case sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE:
		allowed = true
	case sqlite3.SQLITE_READ:
		allowed = text(first) != "sqlite_dbpage" // raw pages, with what was deleted
	case sqlite3.SQLITE_PRAGMA:
		allowed = harmlessPragma(text(first))
	case sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE:
		// An R*Tree prepares its changes when it is opened. They cannot be run: the file is open for reading only, and run refuses what writes.
		table := text(first)
		allowed = strings.HasSuffix(table, "_node") || strings.HasSuffix(table, "_rowid") || strings.HasSuffix(table, "_parent")
	case sqlite3.SQLITE_FUNCTION:
		allowed = harmlessFunction(text(second))
	}
	if !allowed {
		return sqlite3.SQLITE_DENY
	}
	return sqlite3.SQLITE_OK
}

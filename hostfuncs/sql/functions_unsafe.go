package sql

import (
	"bytes"
	"strings"
	"unicode/utf8"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite's own instr, replace and trim compare everything with everything, and nothing ends them before they return: two values of a megabyte keep them busy
// for minutes. These do the same in a time that grows with the length. Arguments and results are pointers of the C library in Go.

// functionsInstead registers them on a connection.
func (c *conn) functionsInstead() error {
	for _, f := range []struct {
		name string
		args int32
		call uintptr
	}{
		{"instr", 2, pointer(instr)}, {"replace", 3, pointer(replace)},
		{"trim", 2, pointer(trim)}, {"ltrim", 2, pointer(ltrim)}, {"rtrim", 2, pointer(rtrim)},
	} {
		name, err := libc.CString(f.name)
		if err != nil {
			return err
		}
		const flags = sqlite3.SQLITE_UTF8 | sqlite3.SQLITE_DETERMINISTIC | sqlite3.SQLITE_INNOCUOUS
		rc := sqlite3.Xsqlite3_create_function_v2(c.tls, c.db, name, f.args, flags, 0, f.call, 0, 0, 0)
		libc.Xfree(c.tls, name)
		if rc != sqlite3.SQLITE_OK {
			return c.fail(rc)
		}
	}
	return nil
}

// arguments of a function call.
type arguments struct {
	tls     *libc.TLS
	context uintptr
	values  []uintptr
}

// args returns the arguments of a call, unless one of them is NULL: then the result is.
func args(tls *libc.TLS, context uintptr, n int32, list uintptr) (a arguments, ok bool) {
	a = arguments{tls, context, make([]uintptr, n)}
	for i := range a.values {
		a.values[i] = libc.AtomicLoadPUintptr(list + uintptr(i)*unsafe.Sizeof(list))
		if sqlite3.Xsqlite3_value_type(tls, a.values[i]) == sqlite3.SQLITE_NULL {
			sqlite3.Xsqlite3_result_null(tls, context)
			return a, false
		}
	}
	return a, true
}

func (a arguments) text(i int) string {
	p := sqlite3.Xsqlite3_value_text(a.tls, a.values[i])
	return string(bytesAt(p, sqlite3.Xsqlite3_value_bytes(a.tls, a.values[i])))
}

func (a arguments) isBlob(i int) bool {
	return sqlite3.Xsqlite3_value_type(a.tls, a.values[i]) == sqlite3.SQLITE_BLOB
}

func (a arguments) blob(i int) []byte {
	p := sqlite3.Xsqlite3_value_blob(a.tls, a.values[i])
	return bytesAt(p, sqlite3.Xsqlite3_value_bytes(a.tls, a.values[i]))
}

func (a arguments) result(text string) {
	p := libc.Xmalloc(a.tls, types.Size_t(len(text)+1))
	if p == 0 {
		sqlite3.Xsqlite3_result_error_nomem(a.tls, a.context)
		return
	}
	copy(libc.GoBytes(p, len(text)), text)
	sqlite3.Xsqlite3_result_text(a.tls, a.context, p, int32(len(text)), sqlite3.SQLITE_TRANSIENT)
	libc.Xfree(a.tls, p)
}

func instr(tls *libc.TLS, context uintptr, n int32, list uintptr) {
	a, ok := args(tls, context, n, list)
	if !ok {
		return
	}
	at := 0
	if a.isBlob(0) && a.isBlob(1) {
		at = bytes.Index(a.blob(0), a.blob(1))
	} else {
		text := a.text(0)
		if at = strings.Index(text, a.text(1)); at > 0 {
			at = utf8.RuneCountInString(text[:at])
		}
	}
	sqlite3.Xsqlite3_result_int64(tls, context, int64(at+1))
}

func replace(tls *libc.TLS, context uintptr, n int32, list uintptr) {
	a, ok := args(tls, context, n, list)
	if !ok {
		return
	}
	text, old, with := a.text(0), a.text(1), a.text(2)
	if old == "" {
		a.result(text)
		return
	}
	if len(text)+strings.Count(text, old)*(len(with)-len(old)) > maxValue {
		sqlite3.Xsqlite3_result_error_toobig(tls, context)
		return
	}
	a.result(strings.ReplaceAll(text, old, with))
}

func trim(tls *libc.TLS, context uintptr, n int32, list uintptr) {
	trimWith(tls, context, n, list, strings.TrimFunc)
}

func ltrim(tls *libc.TLS, context uintptr, n int32, list uintptr) {
	trimWith(tls, context, n, list, strings.TrimLeftFunc)
}

func rtrim(tls *libc.TLS, context uintptr, n int32, list uintptr) {
	trimWith(tls, context, n, list, strings.TrimRightFunc)
}

func trimWith(tls *libc.TLS, context uintptr, n int32, list uintptr, cut func(string, func(rune) bool) string) {
	a, ok := args(tls, context, n, list)
	if !ok {
		return
	}
	set := map[rune]bool{}
	for _, r := range a.text(1) {
		set[r] = true
	}
	a.result(cut(a.text(0), func(r rune) bool { return set[r] }))
}

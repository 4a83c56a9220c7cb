// Package durable keeps a file to one process and makes names in a folder outlive a power failure. Whatever writes files that another process goes on with
// calls it: the audit file and key-value stores of hostfuncs; suspended runs, stores of sessions, results of evaluations and transcripts of the runtime. It
// imports nothing of ours.
package durable

import "errors"

// ErrLocked says that a file is locked already, in another process or through another handle of this one.
var ErrLocked = errors.New("another process has it")

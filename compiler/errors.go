package compiler

import (
	"errors"
	"fmt"
	"strings"
)

// Reasons why a source text is unusable. Compile returns them inside an *InputError: test with errors.Is, and use errors.As to
// reach the details.
var (
	// ErrEmpty: there is no program, only white space, or an empty code block.
	ErrEmpty = errors.New("empty source")
	// ErrUnknownLanguage: the language is not one of Languages, or cannot be told from the text.
	ErrUnknownLanguage = errors.New("unknown language")
	// ErrNotText: the text is not UTF-8.
	ErrNotText = errors.New("not UTF-8 text")
	// ErrBinary: the input is data of some kind, not a program.
	ErrBinary = errors.New("binary data")
	// ErrTooLarge: the source is larger than the compiler's limit.
	ErrTooLarge = errors.New("source too large")
	// ErrNoToolchains: the language has to be compiled, and the Compiler was given no Toolchains.
	ErrNoToolchains = errors.New("no toolchains")
)

// InputError says why a source text is unusable. It wraps one of the reasons above, or a *MissingToolchainError.
type InputError struct {
	Reason error
	// Name is the source's name, when it has one.
	Name string
	// Detail says what was wrong, with what, and what to do.
	Detail string
	// Offset and Line (from 1) locate the fault in the input as it was given (ErrNotText, ErrBinary); Line 0 means nowhere in particular.
	Offset, Line int
	// Size and Limit are bytes (ErrTooLarge).
	Size, Limit int64
}

// Error implements error.
func (e *InputError) Error() string {
	var b strings.Builder
	if e.Name != "" {
		b.WriteString(e.Name)
		b.WriteString(": ")
	}
	b.WriteString(e.Reason.Error())
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	return b.String()
}

// Unwrap gives the reason.
func (e *InputError) Unwrap() error { return e.Reason }

func unknownLanguage(name, format string, args ...any) *InputError {
	return &InputError{Reason: ErrUnknownLanguage, Name: name, Detail: fmt.Sprintf(format, args...) + "; languages: " + languageList()}
}

func languageList() string {
	var names []string
	for _, l := range Languages() {
		names = append(names, string(l))
	}
	return strings.Join(names, ", ")
}

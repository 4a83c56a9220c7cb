package wasm

import "fmt"

// Error says why a module was refused.
type Error struct {
	// Offset is where in the binary, in bytes.
	Offset int
	// Feature names the proposal when the module is refused because it needs something that is not supported, and "limit" when it
	// exceeds one of Limits. It is empty when the module is malformed or invalid.
	Feature string
	// Message says what was found.
	Message string
}

// FeatureLimit is the Feature of errors about Limits.
const FeatureLimit = "limit"

// Error implements error.
func (e *Error) Error() string {
	switch e.Feature {
	case "":
		return fmt.Sprintf("wasm: invalid module at offset %#x: %s", e.Offset, e.Message)
	case FeatureLimit:
		return fmt.Sprintf("wasm: module exceeds a limit at offset %#x: %s", e.Offset, e.Message)
	}
	return fmt.Sprintf("wasm: %s is not supported at offset %#x: %s", e.Feature, e.Offset, e.Message)
}

// Features that are refused by name.
const (
	featureThreads     = "threads"
	featureExceptions  = "exception-handling"
	featureFuncRefs    = "typed-function-references"
	featureGC          = "gc"
	featureMemory64    = "memory64"
	featureMultiMemory = "multi-memory"
	featureRelaxedSIMD = "relaxed-simd"
	featurePageSizes   = "custom-page-sizes"
	featureWide        = "wide-arithmetic"
	featureComponents  = "component-model"
	featureStackSwitch = "stack-switching"
	featureUnknownOp   = "unknown-instruction"
)

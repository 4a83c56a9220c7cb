//go:build !wasmtime

package runtime_test

func stockTagged() []stock { return nil }

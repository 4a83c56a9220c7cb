//go:build !linux

package runtime

// limitSelf: beyond Linux a process that compiles has the portable limits: what watchSelf sees, and the parent's clock.
func limitSelf(CompileLimits, bool) error { return nil }

func librariesOfThis() []string { return nil }

func peakResident() int64 { return 0 }

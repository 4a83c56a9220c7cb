//go:build !embed_guests

package modules

import "io/fs"

// embedded is nil: without the build tag embed_guests, guests come from the user's cache.
func embedded() fs.FS { return nil }

//go:build embed_guests

package modules

import (
	"embed"
	"io/fs"
)

// content is filled by `make build`, which copies the built guests into embedded/ first.
//
//go:embed all:embedded
var content embed.FS

func embedded() fs.FS {
	sub, err := fs.Sub(content, "embedded")
	if err != nil {
		return nil
	}
	return sub
}

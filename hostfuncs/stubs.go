package hostfuncs

import "strings"

// signature is how a tool is called, in one line: search(query, limit).
func (t *tool) signature() string { return t.Name + "(" + strings.Join(t.parameters, ", ") + ")" }

type view struct{}

func (g *Gate) visible() []*tool { return nil }

package agent

import (
	"strings"
	"testing"

	"wand/compiler"
	"wand/policies"
)

// The model is told which packages it may import, where its programs are Python.
func TestPromptNamesPackages(t *testing.T) {
	p := &policies.Policy{Version: 1, Packages: []policies.PackageGrant{{Name: "sympy"}, {Name: "networkx", Versions: ">=3"}}}
	if text := grantText(p, compiler.Python); !strings.Contains(text, "to import, beside the standard library: sympy, networkx>=3") {
		t.Errorf("the prompt says %q", text)
	}
	if text := grantText(p, compiler.JavaScript); text != "" {
		t.Errorf("in JavaScript the prompt says %q", text)
	}
}

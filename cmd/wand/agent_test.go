package main

import (
	"encoding/json"

	"github.com/rogpeppe/go-internal/testscript"

	"wand/runtime/agent/modeltest"
)

// serveModel is the command of scripts that starts a model's server, which says what a file tells turn by turn: a list of objects with the fields of
// modeltest.Turn. Its address is in $MODEL_URL.
func serveModel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: model FILE")
	}
	var turns []modeltest.Turn
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &turns))
	s := modeltest.New(modeltest.ByTurn(turns...))
	ts.Defer(s.Close)
	ts.Setenv("MODEL_URL", s.BaseURL())
}

package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/runtime"
	"wand/runtime/engine"
	"wand/runtime/engine/wazero"
)

// Values of --engine: the names that the engines give themselves, and that reports show.
const (
	engineWazero      = "wazero"
	engineInterpreter = "wazero-interpreter"
	engineWasmtime    = "wasmtime"
)

// defaultEngine is the engine of a command for which nobody names one.
const defaultEngine = engineWazero

func engineNames() []string { return []string{engineWazero, engineInterpreter, engineWasmtime} }

// builtEngines are those that this binary holds.
func builtEngines() []string {
	if withWasmtime {
		return engineNames()
	}
	return slices.DeleteFunc(engineNames(), func(name string) bool { return name == engineWasmtime })
}

// engineFlag comes with every command that runs programs. Its value is looked at before anything else is done.
func engineFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "engine", EnvVars: []string{"WAND_ENGINE"}, Value: defaultEngine,
		Usage: "run WebAssembly in `NAME`: " + strings.Join(engineNames(), ", ") + "; fuel is the same in each",
		Action: func(_ *cli.Context, name string) error {
			switch {
			case name != "" && !slices.Contains(engineNames(), name):
				return usage("--engine or WAND_ENGINE: %q is none of %s", name, strings.Join(engineNames(), ", "))
			case name == engineWasmtime && !withWasmtime:
				return errNoWasmtime
			}
			return nil
		},
	}
}

var errNoWasmtime = &usageError{"this wand was built without wasmtime; build one with: make build ENGINE=wasmtime"}

// newEngine starts an engine. No name, as of a variable that is empty and of a command without the option, is the default.
func newEngine(name string) (engine.Engine, error) {
	switch name {
	case engineInterpreter:
		return wazero.NewInterpreter(), nil
	case engineWasmtime:
		return newWasmtime()
	}
	return wazero.New(), nil
}

// newRuntime starts the runtime of a command line, with its engine and under the overlays of w. w and progress may be nil.
func (a *app) newRuntime(ctx context.Context, c *cli.Context, w *authority, progress *progress) (*runtime.Runtime, error) {
	config := runtime.Config{Problem: a.problem, Packages: runPackages(), Toolchains: toolchains(c, progress)}
	if w != nil {
		config.Overlays = w.overlays
	}
	if progress != nil {
		config.Progress = progress.begin
		config.Problem = func(err error) {
			progress.end()
			a.problem(err)
		}
	}
	var err error
	if config.Engine, err = newEngine(c.String("engine")); err != nil {
		return nil, err
	}
	rt, err := runtime.New(ctx, config)
	if err != nil {
		return nil, errors.Join(err, config.Engine.Close(ctx))
	}
	return rt, nil
}

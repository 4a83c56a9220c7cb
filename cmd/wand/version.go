package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	goruntime "runtime"

	"github.com/urfave/cli/v2"

	"wand/modules"
	"wand/runtime"
)

// versionInfo is the JSON form of the version, a stable contract.
type versionInfo struct {
	Schema   string   `json:"schema"`
	Version  string   `json:"version"`
	Revision string   `json:"revision,omitempty"`
	Modified bool     `json:"modified,omitempty"`
	Time     string   `json:"time,omitempty"`
	Go       string   `json:"go"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Engines  []string `json:"engines"` // values of --engine that are in this binary, the default first
	Wazero   string   `json:"wazero"`
	Wasmtime string   `json:"wasmtime,omitempty"`
	Esbuild  string   `json:"esbuild"`
	ABI      int      `json:"abi"`
	Report   string   `json:"report"`
}

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version and what it is built from", UsageText: "wand version [--json]",
		Description: "EXAMPLES:\n   wand version\n   wand version --json",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print it as JSON"}}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			if err := a.noArguments(c); err != nil {
				return err
			}
			v := version()
			if c.Bool("json") {
				return writeJSON(a.stdout, v)
			}
			revision := ""
			if v.Revision != "" {
				revision = " (" + v.Revision[:min(12, len(v.Revision))]
				if v.Modified {
					revision += ", modified"
				}
				revision += ")"
			}
			_, err := fmt.Fprintf(a.stdout, "wand %s%s %s/%s, %s, %s, esbuild %s, guest ABI %d, %s\nengines: %s\n",
				v.Version, revision, v.OS, v.Arch, v.Go, v.runners(), v.Esbuild, v.ABI, v.Report, strings.Join(v.Engines, ", "))
			return err
		},
	}
}

// runners are the versions of what runs WebAssembly here, for people.
func (v versionInfo) runners() string {
	if v.Wasmtime != "" {
		return "wazero " + v.Wazero + ", wasmtime " + v.Wasmtime
	}
	return "wazero " + v.Wazero
}

// version reads what the Go linker knows.
func version() versionInfo {
	v := versionInfo{Schema: "wand.version/v1", Version: "devel", Go: goruntime.Version(), OS: goruntime.GOOS, Arch: goruntime.GOARCH, ABI: modules.ABI, Report: runtime.ReportSchema, Engines: builtEngines()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if s := info.Main.Version; s != "" && s != "(devel)" {
		v.Version = s
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, d := range info.Deps {
		switch {
		case strings.HasSuffix(d.Path, "/wazero"):
			v.Wazero = d.Version
		case strings.Contains(d.Path, "/wasmtime-go/"):
			v.Wasmtime = d.Version
		case strings.HasSuffix(d.Path, "/esbuild"):
			v.Esbuild = d.Version
		}
	}
	return v
}

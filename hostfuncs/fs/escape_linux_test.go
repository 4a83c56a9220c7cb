package fs_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wand/compiler"
	"wand/modules"
	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
)

const attackFolder = "../../testdata/adversarial/mounts"

// escapePolicy is what every program of the folder runs under. The rule forbids a folder in each of two grants that are wider.
const escapePolicy = `
version: 1
name: escape
files:
  - {host: %[1]s/data, guest: /data, access: read}
  - {host: %[1]s/out, guest: /out, access: write, quota: 1MiB}
  - {host: %[1]s/logs, guest: /logs, access: append}
  - {host: %[1]s/one.txt, guest: /one.txt, access: read}
forbid:
  - {name: fs.*, when: 'resource in Wand::Path::"/data/private" || resource in Wand::Path::"/out/private"', reason: "private"}
`

// grounds is the part of the host that an attack is let loose on.
type grounds struct {
	dir, canary string
	before      []string // what must be the same afterwards
}

// newGrounds makes the four grants, and outside them a folder with a secret, with links of every kind that lead there.
func newGrounds(t *testing.T) *grounds {
	t.Helper()
	dir, err := os.MkdirTemp("", "grounds")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	g := &grounds{dir: dir, canary: "outside-" + rand.Text()}
	for name, text := range map[string]string{
		"outside/secret": g.canary, "one.txt": "one", "data/a.csv": "x,y\n1,2\n", "data/inside.txt": "inside", "data/private/key": g.canary, "data/sub/deep/x": "",
		"out/old": "old", "out/private/key": g.canary, "out/sub/x": "", "logs/log": "first\n", "logs/other": "other",
		"data/shift/secret": "inside", "out/shift/secret": "inside",
	} {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, grant := range []string{"data", "out"} {
		at := filepath.Join(dir, grant)
		for link, to := range map[string]string{
			"abs": filepath.Join(dir, "outside/secret"), "rel": "../outside/secret", "up": "..", "proc": "/proc/self/root", "loop": "loop", "sub/up": "../..",
			"deep": "sub/up/outside/secret", "file": "../outside", "inside": "inside.txt", "pipelink": "pipe", "tokey": "private/key", "shift.other": "../outside",
		} {
			if err := os.Symlink(to, filepath.Join(at, link)); err != nil {
				t.Fatal(err)
			}
		}
		if err := syscall.Mkfifo(filepath.Join(at, "pipe"), 0o666); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", filepath.Join(at, "socket"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		_ = syscall.Mknod(filepath.Join(at, "null"), syscall.S_IFCHR|0o666, 1<<8|3) // only the system's administrator may
	}
	g.before = g.state(t)
	return g
}

// state is everything that no program may change, with its content.
func (g *grounds) state(t *testing.T) (list []string) {
	t.Helper()
	for _, root := range []string{"outside", "data", "out/private", "one.txt"} {
		if err := filepath.WalkDir(filepath.Join(g.dir, root), func(p string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if strings.Contains(p, "/shift") && !strings.Contains(p, "outside") {
				return nil
			}
			line := strings.TrimPrefix(p, g.dir) + " " + d.Type().String()
			if d.Type().IsRegular() {
				b, err := os.ReadFile(p)
				if err != nil {
					return err
				}
				line += " " + string(b)
			}
			if info, err := d.Info(); err == nil && !d.IsDir() {
				line += " " + info.Mode().String()
			}
			list = append(list, line)
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	return list
}

// check says what an attack has changed or left behind.
func (g *grounds) check(t *testing.T, then map[string]string) {
	t.Helper()
	if after := g.state(t); !slices.Equal(after, g.before) {
		t.Errorf("what was not granted for writing is now\n%s\nit was\n%s", strings.Join(after, "\n"), strings.Join(g.before, "\n"))
	}
	list, err := os.ReadDir(g.dir)
	if err != nil || len(list) != 5 {
		t.Errorf("beside the grants there is now %v, %v", list, err)
	}
	if log, err := os.ReadFile(filepath.Join(g.dir, "logs/log")); err != nil || !bytes.HasPrefix(log, []byte("first\n")) {
		t.Errorf("the log is now %q, %v", log, err)
	}
	filepath.WalkDir(g.dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".wand-") {
			t.Errorf("%s was left behind", p)
		}
		return nil
	})
	for guest, text := range then {
		if got, err := os.ReadFile(filepath.Join(g.dir, guest)); err != nil || string(got) != text {
			t.Errorf("%s is now %q, %v; want %q", guest, got, err, text)
		}
	}
}

// swap exchanges a folder in a grant with a link to the one outside, until the function that it returns is called.
func (g *grounds) swap(guest string) (stop func()) {
	var done atomic.Bool
	ended := make(chan struct{})
	one := filepath.Join(g.dir, guest)
	two, third := one+".other", one+".third"
	go func() {
		defer close(ended)
		for !done.Load() {
			os.Rename(one, third)
			os.Rename(two, one)
			os.Rename(third, two)
		}
		os.Rename(two, third) // whichever is which
		os.Remove(third)
	}()
	return func() { done.Store(true); <-ended }
}

// TestEscape runs the programs of testdata/adversarial/mounts, each on grounds of its own, and looks at the host afterwards: every one stays inside its
// grant. The comments at a program's top are those of the other hostile programs (runtime/adversarial_test.go), and besides:
//
//	then: PATH=TEXT, what a file of the host must hold afterwards
//	swap: folders of the guest that the host exchanges with links to the folder outside while the program runs
func TestEscape(t *testing.T) {
	for _, name := range []string{"python", "javascript"} {
		if _, err := modules.Find(name); errors.Is(err, modules.ErrNoGuest) && os.Getenv("CI") == "" {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	rt, err := runtime.New(context.Background(), runtime.Config{Limits: runtime.Limits{
		Fuel: 5_000_000_000, Memory: 128 << 20, Deadline: 60 * time.Second, Output: 256 << 10, Storage: 8 << 20, HostCalls: 1000,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	programs, err := os.ReadDir(attackFolder)
	if err != nil || len(programs) < 14 {
		t.Fatalf("%d programs, %v", len(programs), err)
	}
	for _, program := range programs {
		t.Run(program.Name(), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(attackFolder, program.Name()))
			if err != nil {
				t.Fatal(err)
			}
			g := newGrounds(t)
			var limits runtime.Limits
			expect, result, then := "", "", map[string]string{}
			var stops []func()
			for line := range strings.Lines(string(text)) {
				line, comment := strings.CutPrefix(strings.TrimLeft(line, "/"), "# ")
				if !comment {
					line = strings.TrimPrefix(line, " ")
				}
				key, value, found := strings.Cut(strings.TrimSpace(line), ": ")
				if !found {
					break
				}
				switch key {
				case "attack":
				case "expect":
					expect = value
				case "result":
					result = value
				case "then":
					path, text, _ := strings.Cut(value, "=")
					then[path] = text
				case "swap":
					for folder := range strings.FieldsSeq(value) {
						stops = append(stops, g.swap(folder))
					}
				case "limits":
					for limit := range strings.FieldsSeq(value) {
						name, value, _ := strings.Cut(limit, "=")
						switch name {
						case "fuel":
							fuel, err := units.ParseCount(value)
							if err != nil {
								t.Fatal(err)
							}
							limits.Fuel = int64(fuel)
						case "deadline":
							if limits.Deadline, err = time.ParseDuration(value); err != nil {
								t.Fatal(err)
							}
						default:
							t.Fatalf("no such limit: %s", name)
						}
					}
				default:
					t.Fatalf("no such comment: %s", key)
				}
			}
			policy, err := policies.Parse("escape.yaml", fmt.Appendf(nil, escapePolicy, g.dir))
			if err != nil {
				t.Fatal(err)
			}
			m, diagnostics, err := compiler.Compile(context.Background(), compiler.Source{Name: program.Name(), Text: text})
			if err != nil || len(diagnostics) > 0 {
				t.Fatal(err, diagnostics)
			}
			report, err := rt.Run(context.Background(), m, runtime.Options{Policy: policy, Limits: limits})
			for _, stop := range stops {
				stop()
			}
			if err != nil {
				t.Fatal(err)
			}
			ended := string(report.Status)
			if report.Status == runtime.Exhausted {
				ended += " " + string(report.Error.Kind)
			}
			if ended != expect {
				t.Errorf("ended as %s, want %s\n%.4000s", ended, expect, report.JSON())
			}
			var compact bytes.Buffer
			if json.Compact(&compact, report.Result); result != "" && compact.String() != strings.ReplaceAll(result, ", ", ",") {
				t.Errorf("result %.2000s, want %s\n%.3000s", report.Result, result, report.JSON())
			}
			whole := string(report.JSON()) + report.Feedback(0)
			for _, secret := range []string{g.canary, g.dir, filepath.Base(g.dir)} {
				if strings.Contains(whole, secret) {
					t.Errorf("the report has %q:\n%.4000s", secret, whole)
				}
			}
			g.check(t, then)
		})
	}
}

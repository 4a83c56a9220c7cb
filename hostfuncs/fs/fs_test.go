package fs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wand/hostfuncs"
	"wand/hostfuncs/fs"
	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/vfs"
	"wand/policies"
)

// start returns a run that has a folder of the host with these files at /data to read, and an empty one at /out to write.
func start(t *testing.T, files map[string]string) (run *tooltest.Run, f *vfs.FS, out string) {
	t.Helper()
	data, out := t.TempDir(), t.TempDir()
	for name, text := range files {
		p := filepath.Join(data, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	f = vfs.New(vfs.Options{MaxBytes: 1 << 20})
	t.Cleanup(func() { f.Close() })
	if err := errors.Join(f.MountHost("/data", vfs.Mount{Host: data, Access: vfs.AccessRead}),
		f.MountHost("/out", vfs.Mount{Host: out, Access: vfs.AccessWrite, Quota: 1 << 20})); err != nil {
		t.Fatal(err)
	}
	return tooltest.New(t, func(ctx context.Context) context.Context { return fs.With(ctx, f) }, fs.Tools()...), f, out
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// fails checks the type of an error, and that its message and hint have these words.
func fails(t *testing.T, e *hostfuncs.Error, kind string, words ...string) {
	t.Helper()
	text := e.Message + " | " + e.Hint
	if e.Type != kind {
		t.Errorf("%s: %s, want %s", e.Type, text, kind)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q has no %q", text, w)
		}
	}
}

func TestRead(t *testing.T) {
	run, _, _ := start(t, map[string]string{"a.csv": "x,y\n", "umlaut": "aäb", "raw": "a\xff\x00", "empty": "", "large": strings.Repeat("x", fs.MaxBytes+1)})
	want(t, "text", run.Call("fs.read", `{"path": "/data/a.csv"}`), `"x,y\n"`)
	want(t, "a piece", run.Call("fs.read", `{"path": "/data/a.csv", "offset": 2, "limit": 1}`), `"y"`)
	want(t, "beyond the end", run.Call("fs.read", `{"path": "/data/a.csv", "offset": 200}`), `""`)
	want(t, "empty", run.Call("fs.read", `{"path": "/data/empty"}`), `""`)
	want(t, "a character cut", run.Call("fs.read", `{"path": "/data/umlaut", "limit": 2}`), `"a"`)
	want(t, "base64", run.Call("fs.read", `{"path": "/data/raw", "encoding": "base64"}`), `"Yf8A"`)
	want(t, "bytes", run.Call("fs.read", `{"path": "/data/raw", "encoding": "bytes"}`), `{"$type":"bytes","value":"Yf8A"}`)
	want(t, "no bytes", run.Call("fs.read", `{"path": "/data/empty", "encoding": "bytes"}`), `{"$type":"bytes","value":""}`)
	want(t, "piece of a large file", run.Call("fs.read", `{"path": "/data/large", "offset": 8388600, "limit": 100}`), `"`+strings.Repeat("x", 9)+`"`)
	fails(t, run.Fail("fs.read", `{"path": "/data/raw"}`), hostfuncs.ToolError, "at byte 1", `encoding "bytes"`)
	fails(t, run.Fail("fs.read", `{"path": "/data/umlaut", "offset": 2}`), hostfuncs.ToolError, "not UTF-8", "where a character begins")
	fails(t, run.Fail("fs.read", `{"path": "/data/large"}`), hostfuncs.ToolError, "8388609 bytes", "offset and limit")
	fails(t, run.Fail("fs.read", `{"path": "/data/b.csv"}`), hostfuncs.ToolError, "nothing at", "did you mean /data/a.csv?")
	fails(t, run.Fail("fs.read", `{"path": "/none/b.csv"}`), hostfuncs.ToolError, "folder is not there")
	fails(t, run.Fail("fs.read", `{"path": "/data"}`), hostfuncs.ToolError, "is a folder")
	fails(t, run.Fail("fs.read", `{"path": "/data/a\\b"}`), hostfuncs.ArgumentError, "backslash")
	fails(t, run.Fail("fs.read", `{"path": "/data/a.csv", "offset": -1}`), hostfuncs.ArgumentError, "offset")
	fails(t, run.Fail("fs.read", `{"path": "/data/a.csv", "encoding": "latin1"}`), hostfuncs.ArgumentError, "encoding")
}

func TestWrite(t *testing.T) {
	run, f, out := start(t, map[string]string{"a": "x"})
	want(t, "written", run.Call("fs.write", `{"path": "/out/f", "content": "one"}`), "3")
	want(t, "appended", run.Call("fs.write", `{"path": "/out/f", "content": "two", "mode": "append"}`), "3")
	want(t, "base64", run.Call("fs.write", `{"path": "/out/b", "content": "Yf8A", "encoding": "base64", "mode": "create"}`), "3")
	want(t, "bytes", run.Call("fs.write", `{"path": "/out/c", "content": {"$type": "bytes", "value": "Yf8A"}}`), "3")
	for name, text := range map[string]string{"f": "onetwo", "b": "a\xff\x00", "c": "a\xff\x00"} {
		if got, err := os.ReadFile(filepath.Join(out, name)); string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	// The guest sees it, and the tools see what the guest wrote.
	if got, err := f.ReadFile("/out/f"); string(got) != "onetwo" {
		t.Errorf("%q, %v", got, err)
	}
	run.Call("fs.write", `{"path": "today.txt", "content": "x"}`)
	if got, err := f.ReadFile("/work/today.txt"); string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	fails(t, run.Fail("fs.write", `{"path": "/data/a", "content": "x"}`), hostfuncs.PermissionError, "mount refuses")
	fails(t, run.Fail("fs.write", `{"path": "/etc/passwd", "content": "x"}`), hostfuncs.ToolError, "nothing at")
	fails(t, run.Fail("fs.write", `{"path": "/x", "content": "x"}`), hostfuncs.PermissionError, "read-only", "/work")
	fails(t, run.Fail("fs.write", `{"path": "/out/f", "content": "x", "mode": "create"}`), hostfuncs.ToolError, "there already")
	fails(t, run.Fail("fs.write", `{"path": "/out/f", "content": "?", "encoding": "base64"}`), hostfuncs.ArgumentError, "not base64")
	fails(t, run.Fail("fs.write", fmt.Sprintf(`{"path": "/out/f", "content": %q}`, strings.Repeat("x", 2<<20))), hostfuncs.ToolError, "quota")
	fails(t, run.Fail("fs.write", fmt.Sprintf(`{"path": "/out/f", "content": %q}`, strings.Repeat("x", fs.MaxBytes+1))), hostfuncs.ArgumentError, "append")
	if got, _ := os.ReadFile(filepath.Join(out, "f")); string(got) != "onetwo" {
		t.Errorf("a write that failed left %q", got)
	}
}

func TestFolders(t *testing.T) {
	run, _, out := start(t, map[string]string{"a": "x", "sub/b": "yy", "sub/deep/c": "zzz"})
	var listing fs.Listing
	listed := func(args string) string {
		t.Helper()
		listing = fs.Listing{}
		if err := json.Unmarshal([]byte(run.Call("fs.list", args)), &listing); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range listing.Entries {
			names = append(names, fmt.Sprint(e.Path, " ", e.Kind, " ", e.Size))
		}
		return strings.Join(names, ", ")
	}
	want(t, "list", listed(`{"path": "/data"}`), "/data/a file 1, /data/sub folder 0")
	want(t, "recursive", listed(`{"path": "/data", "recursive": true}`), "/data/a file 1, /data/sub folder 0, /data/sub/b file 2, /data/sub/deep folder 0, /data/sub/deep/c file 3")
	if listing.More {
		t.Error("more?")
	}
	want(t, "limit", listed(`{"path": "/data", "recursive": true, "limit": 2}`), "/data/a file 1, /data/sub folder 0")
	if !listing.More {
		t.Error("no more?")
	}
	want(t, "root", listed(`{"path": "/"}`), "/data folder 0, /dev folder 0, /out folder 0, /tmp folder 0, /work folder 0")
	want(t, "nothing", listed(`{}`), "")
	fails(t, run.Fail("fs.list", `{"path": "/data/a"}`), hostfuncs.ToolError, "not a folder")

	run.Call("fs.mkdir", `{"path": "/out/x/y/z"}`)
	run.Call("fs.mkdir", `{"path": "/out/x/y/z"}`)
	run.Call("fs.mkdir", `{"path": "/work/p/q"}`)
	fails(t, run.Fail("fs.mkdir", `{"path": "/data/new/x"}`), hostfuncs.PermissionError, "mount refuses")
	fails(t, run.Fail("fs.mkdir", `{"path": "/none/x"}`), hostfuncs.PermissionError, "read-only")
	run.Call("fs.write", `{"path": "/out/x/y/f", "content": "f"}`)
	fails(t, run.Fail("fs.mkdir", `{"path": "/out/x/y/f"}`), hostfuncs.ToolError, "is a file")
	run.Call("fs.rename", `{"from": "/out/x/y/f", "to": "/out/g"}`)
	if got, err := os.ReadFile(filepath.Join(out, "g")); string(got) != "f" {
		t.Errorf("%q, %v", got, err)
	}
	fails(t, run.Fail("fs.rename", `{"from": "/out/g", "to": "/work/g"}`), hostfuncs.ToolError, "not in the same mount", "remove the old one")
	fails(t, run.Fail("fs.rename", `{"from": "/out/g", "to": "/out/x"}`), hostfuncs.ToolError, "cannot take the place")
	fails(t, run.Fail("fs.rename", `{"from": "/data/a", "to": "/data/b"}`), hostfuncs.PermissionError)
	var e fs.Entry
	if err := json.Unmarshal([]byte(run.Call("fs.stat", `{"path": "/out/g"}`)), &e); err != nil || e.Kind != "file" || e.Size != 1 || e.Modified == "" {
		t.Errorf("%+v, %v", e, err)
	}
	fails(t, run.Fail("fs.remove", `{"path": "/out/x"}`), hostfuncs.ToolError, "not empty", "recursive")
	want(t, "removed", run.Call("fs.remove", `{"path": "/out/x", "recursive": true}`), "3")
	want(t, "removed", run.Call("fs.remove", `{"path": "/out/g"}`), "1")
	fails(t, run.Fail("fs.remove", `{"path": "/out"}`), hostfuncs.ToolError, "in use")
	fails(t, run.Fail("fs.remove", `{"path": "/data/sub", "recursive": true}`), hostfuncs.PermissionError)
	fails(t, run.Fail("fs.remove", `{"path": "/", "recursive": true}`), hostfuncs.ToolError)
	if list, _ := os.ReadDir(out); len(list) != 0 {
		t.Errorf("%v is left", list)
	}
}

// TestRequests says what a policy is asked: about the path that is then used, whatever it looked like.
func TestRequests(t *testing.T) {
	run, _, _ := start(t, map[string]string{"a": "x"})
	for _, c := range []struct{ name, args, want string }{
		{"fs.read", `{"path": "/data/a"}`, "fs.read Path /data/a"},
		{"fs.read", `{"path": "/out/../data//./a"}`, "fs.read Path /data/a"},
		{"fs.read", `{"path": "../data/a"}`, "fs.read Path /data/a"},
		{"fs.list", `{}`, "fs.read Path /work"},
		{"fs.stat", `{"path": "/data/"}`, "fs.read Path /data"},
		{"fs.write", `{"path": "/out/a", "content": ""}`, "fs.write Path /out/a"},
		{"fs.write", `{"path": "/out/a", "content": "", "mode": "append"}`, "fs.append Path /out/a"},
		{"fs.mkdir", `{"path": "b"}`, "fs.write Path /work/b"},
		{"fs.rename", `{"from": "b", "to": "c"}`, "fs.read Path /work/b, fs.write Path /work/b, fs.write Path /work/c"},
		{"fs.remove", `{"path": "c"}`, "fs.write Path /work/c"},
	} {
		run.Asked()
		run.Call(c.name, c.args)
		want(t, c.name+c.args, strings.Join(run.Asked(), ", "), c.want)
	}
	fails(t, tooltest.New(t, nil, fs.Tools()...).Fail("fs.read", `{"path": "/data/a"}`), hostfuncs.ToolError, "no files")
}

type decider policies.Decision

func (d decider) Decide(policies.Request) policies.Decision { return policies.Decision(d) }

func TestScratch(t *testing.T) {
	request := func(action, path string) policies.Request {
		return policies.Request{Action: action, Resource: policies.Resource{Type: policies.ResourcePath, ID: path}}
	}
	silent := fs.WithScratch(decider{Rule: "default"})
	for path, allowed := range map[string]bool{"/work": true, "/work/a": true, "/tmp/a/b": true, "/workshop": false, "/": false, "/data/work": false} {
		for _, action := range []string{"fs.read", "fs.write", "fs.append"} {
			if d := silent.Decide(request(action, path)); d.Allowed != allowed {
				t.Errorf("%s %s: %+v", action, path, d)
			}
		}
	}
	if silent.Decide(request("http", "/work")).Allowed || silent.Decide(policies.Request{Action: "fs.read", Resource: policies.Resource{Type: policies.ResourceHost, ID: "/work"}}).Allowed {
		t.Error("something else was allowed")
	}
	if fs.WithScratch(decider{Rule: "forbid[0]"}).Decide(request("fs.read", "/work/a")).Allowed {
		t.Error("what a rule forbids was allowed")
	}
	if d := fs.WithScratch(decider{Rule: "files[0]", Allowed: true}).Decide(request("fs.read", "/work/a")); d.Rule != "files[0]" {
		t.Errorf("%+v", d)
	}
	if !fs.WithScratch(nil).Decide(request("fs.read", "/work/a")).Allowed {
		t.Error("without a policy the program's own folder is not its own")
	}
}

// TestStorageLimit: what a tool writes to the scratch counts as the program's own.
func TestStorageLimit(t *testing.T) {
	run, _, _ := start(t, nil)
	defer func() {
		var stop *hostfuncs.Stop
		if v := recover(); v == nil || !errors.As(v.(error), &stop) || stop.Kind != hostfuncs.KindStorage {
			t.Errorf("ended with %v", v)
		}
	}()
	run.Call("fs.write", fmt.Sprintf(`{"path": "f", "content": %q}`, strings.Repeat("x", 2<<20)))
}

// TestEveryError keeps the host's paths out of what a program sees.
func TestEveryError(t *testing.T) {
	run, f, out := start(t, map[string]string{"a": "x"})
	f.Close()
	for _, d := range fs.Tools() {
		args := `{"path": "/data/a"}`
		switch d.Name {
		case "fs.write":
			args = `{"path": "/out/a", "content": "x"}`
		case "fs.rename":
			args = `{"from": "/out/a", "to": "/out/b"}`
		}
		e := run.Fail(d.Name, args)
		if text := e.Message + e.Hint; strings.Contains(text, filepath.Dir(out)) || strings.Contains(text, "openat") {
			t.Errorf("%s: %s", d.Name, text)
		}
	}
	effects := []string{}
	for _, d := range fs.Tools() {
		effects = append(effects, d.Name+" "+d.Effect.String())
		if d.Preview != nil && !strings.HasPrefix(d.Preview(json.RawMessage(`{"path": "/a", "from": "/a", "to": "/b"}`)), "would ") {
			t.Errorf("%s has no preview", d.Name)
		}
	}
	if !slices.Equal(effects, []string{"fs.read read-only", "fs.write destructive", "fs.list read-only", "fs.stat read-only", "fs.remove destructive", "fs.mkdir idempotent", "fs.rename destructive"}) {
		t.Error(effects)
	}
}

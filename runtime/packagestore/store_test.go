package packagestore

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wand/runtime"
)

// part is a file of a wheel that a test makes.
type part struct {
	name, text string
	mode       fs.FileMode // 0: an ordinary file
	unlisted   bool        // not in RECORD
	digest     string      // what RECORD says; empty: the truth
}

// makeWheel makes a wheel of NAME-VERSION-TAGS.whl with correct metadata, apart from what the parts say.
func makeWheel(t testing.TB, fileName string, requires []string, parts ...part) []byte {
	t.Helper()
	fields := strings.Split(fileName, "-")
	info := fields[0] + "-" + fields[1] + ".dist-info/"
	about := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", fields[0], fields[1])
	for _, r := range requires {
		about += "Requires-Dist: " + r + "\n"
	}
	parts = slices.Clone(parts)
	for _, p := range []part{{name: info + "METADATA", text: about}, {name: info + "WHEEL", text: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"}} {
		if !slices.ContainsFunc(parts, func(q part) bool { return q.name == p.name }) {
			parts = append(parts, p)
		}
	}
	record := ""
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p.text))
		digest := "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:])
		if p.digest != "" {
			digest = p.digest
		}
		if !p.unlisted {
			record += fmt.Sprintf("%q,%s,%d\n", p.name, digest, len(p.text))
		}
	}
	if !slices.ContainsFunc(parts, func(q part) bool { return q.name == info+"RECORD" }) {
		parts = append(parts, part{name: info + "RECORD", text: record + info + "RECORD,,\n"})
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		h := &zip.FileHeader{Name: p.name, Method: zip.Deflate}
		h.SetMode(0o644 | p.mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(p.text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileWheels(t *testing.T) {
	const name = "shapes-1.0-py3-none-any.whl"
	module := part{name: "shapes/__init__.py", text: "x = 1\n"}
	for what, c := range map[string]struct {
		file  string
		parts []part
		says  string
	}{
		"a name that leads out":          {"", []part{module, {name: "../evil.py"}}, "leads out of it"},
		"a name that leads out deeper":   {"", []part{module, {name: "shapes/../../evil.py"}}, "leads out of it"},
		"an absolute name":               {"", []part{module, {name: "/etc/evil"}}, "leads out of it"},
		"a name with backslashes":        {"", []part{module, {name: `..\evil.py`}}, "leads out of it"},
		"a name with a drive":            {"", []part{module, {name: "c:evil.py"}}, "leads out of it"},
		"a name with a NUL byte":         {"", []part{module, {name: "shapes/a\x00.py"}}, "leads out of it"},
		"a link":                         {"", []part{module, {name: "shapes/link", text: "/etc/passwd", mode: fs.ModeSymlink}}, "is a link or a special file"},
		"a device":                       {"", []part{module, {name: "shapes/null", mode: fs.ModeDevice}}, "is a link or a special file"},
		"the same name twice":            {"", []part{module, module}, "two files in it have the name"},
		"a file that is a folder":        {"", []part{module, {name: "shapes/a", text: "x"}, {name: "shapes/a/b", text: "y"}}, "is a file and a folder"},
		"a long name":                    {"", []part{module, {name: strings.Repeat("a", 2000)}}, "is longer than"},
		"a file that RECORD has not":     {"", []part{module, {name: "shapes/more.py", unlisted: true}}, "is not in RECORD"},
		"a file that is another":         {"", []part{{name: "shapes/__init__.py", text: "x = 2\n", digest: "sha256=AAAA"}}, "is not the one that RECORD lists"},
		"a digest that says nothing":     {"", []part{{name: "shapes/__init__.py", digest: "md5=AAAA"}}, "RECORD has no SHA-256"},
		"a RECORD of what is not there":  {"", []part{module, {name: "shapes-1.0.dist-info/RECORD", text: "gone.py,sha256=AA,1\n"}}, "not in RECORD"},
		"another name inside":            {"", []part{module, {name: "shapes-1.0.dist-info/METADATA", text: "Name: other\nVersion: 1.0\n"}}, "its METADATA says other"},
		"another version inside":         {"", []part{module, {name: "shapes-1.0.dist-info/METADATA", text: "Name: shapes\nVersion: 2.0\n"}}, "its METADATA says shapes 2.0"},
		"two packages in one":            {"", []part{module, {name: "other-1.0.dist-info/METADATA", text: "x"}}, "two folders of metadata"},
		"a dependency at an address":     {"", []part{module, {name: "shapes-1.0.dist-info/METADATA", text: "Name: shapes\nVersion: 1.0\nRequires-Dist: x @ git+https://host.example/x\n"}}, "only packages of the index"},
		"a format of the future":         {"", []part{module, {name: "shapes-1.0.dist-info/WHEEL", text: "Wheel-Version: 2.0\n"}}, "version \"2.0\" of the wheel format"},
		"a name with an escape sequence": {"", []part{module, {name: "evil\x1b[2J.py"}}, "cannot be one on every system"},
		"a name that turns the line":     {"", []part{module, {name: "shapes/\u202eyp.txt"}}, "cannot be one on every system"},
		"two files in one place":         {"", []part{module, {name: "shapes-1.0.data/purelib/shapes/__init__.py"}}, "two files in it would be installed as"},
		"a file in a file's place":       {"", []part{{name: "shapes.py"}, {name: "shapes-1.0.data/purelib/shapes.py/x.py"}}, "is a file and a folder in it"},
		"a marker with a line of pip's":  {"", []part{module, {name: "shapes-1.0.dist-info/METADATA", text: "Name: shapes\nVersion: 1.0\nRequires-Dist: x; os_name == 'a'\u2028--index-url=https://host.example\n"}}, "a marker that is none"},
		"more to write down than fits":   {"", append(manyModules(2000), module), "to write down"},
		"a name that is none of a wheel": {"shapes.whl", []part{module}, "is no name of a wheel"},
		"another name outside":           {"colours-1.0-py3-none-any.whl", []part{module}, "no folder colours-1.0.dist-info"},
	} {
		file := c.file
		if file == "" {
			file = name
		}
		_, err := readWheel(file, makeWheel(t, name, nil, c.parts...))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %q", what, err, c.says)
		}
	}
	// What stands in a lock file and in pip's files, whatever agrees with it inside.
	for _, file := range []string{"shapes-one-py3-none-any.whl", "sha\u2028pes-1.0-py3-none-any.whl", "sha\rpes-1.0-py3-none-any.whl", "shapes-1.0\u2028six-py3-none-any.whl", "shapes>=1-1.0-py3-none-any.whl", "-1.0-py3-none-any.whl"} {
		if _, err := readWheel(file, makeWheel(t, file, nil, module)); err == nil || !strings.Contains(err.Error(), "is no name of a wheel") {
			t.Errorf("%q: %v", file, err)
		}
	}
	for what, text := range map[string][]byte{"nothing": nil, "no zip": []byte("hello"), "half a zip": makeWheel(t, name, nil, module)[:200]} {
		if _, err := readWheel(name, text); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func manyModules(n int) (list []part) {
	for i := range n {
		list = append(list, part{name: fmt.Sprintf("%s%d.py", strings.Repeat("m", 200), i)})
	}
	return list
}

// A file of a few hundred kilobytes that would become more than a quarter of a gibibyte is refused before it does.
func TestWheelThatIsABomb(t *testing.T) {
	if testing.Short() {
		t.Skip("it decompresses a quarter of a gibibyte")
	}
	zeros := strings.Repeat("\x00", 64<<20)
	var parts []part
	for i := range 9 {
		parts = append(parts, part{name: fmt.Sprintf("bomb/%d.bin", i), text: zeros})
	}
	text := makeWheel(t, "bomb-1.0-py3-none-any.whl", nil, parts...)
	if _, err := readWheel("bomb-1.0-py3-none-any.whl", text); err == nil || !strings.Contains(err.Error(), "its files have more than") {
		t.Errorf("%d bytes: %v", len(text), err)
	}
}

func TestWheelIsLaidOutAsModules(t *testing.T) {
	w, err := readWheel("Shapes_X-1.0-py3-none-any.whl", makeWheel(t, "Shapes_X-1.0-py3-none-any.whl", []string{"units>=1"},
		part{name: "__init__.py"}, part{name: "shapes/__init__.py"}, part{name: "single.py"}, part{name: "evil.pth", text: "import os"}, part{name: "space/inner/a.py"},
		part{name: "Shapes_X-1.0.data/purelib/pure.py"}, part{name: "Shapes_X-1.0.data/platlib/plat/__init__.py"},
		part{name: "Shapes_X-1.0.data/scripts/run", text: "#!"}, part{name: "Shapes_X-1.0.data/data/etc/passwd", text: "root"}, part{name: "shapes/table.csv", text: "1"}))
	if err != nil {
		t.Fatal(err)
	}
	if w.name != "shapes-x" || strings.Join(w.modules, " ") != "plat pure shapes single space" || len(w.requires) != 1 {
		t.Errorf("%q %q %q", w.name, w.modules, w.requires)
	}
	var names []string
	for _, f := range w.files {
		if !strings.Contains(f.name, "dist-info") {
			names = append(names, f.name)
		}
	}
	if got := strings.Join(names, " "); got != "shapes/__init__.py single.py space/inner/a.py pure.py plat/__init__.py shapes/table.csv" {
		t.Errorf("runs see %s", got)
	}
	for _, native := range []part{{name: "shapes/_x.so"}, {name: "shapes/_x.pyd"}, {name: "shapes/lib.so.3"}, {name: "shapes/innocent.txt", text: "\x7fELF\x02"}} {
		w, err := readWheel("shapes-1.0-py3-none-any.whl", makeWheel(t, "shapes-1.0-py3-none-any.whl", nil, native))
		if err != nil || len(w.native) != 1 {
			t.Errorf("%s: %v, %+v", native.name, err, w)
		}
	}
}

func TestRequirements(t *testing.T) {
	for text, want := range map[string]string{
		"sympy": "sympy", "networkx >= 3 , <4": "networkx>=3,<4", "pydantic[email,dotenv]<2": "pydantic[dotenv,email]<2", "Jinja2 (>=3)": "Jinja2>=3",
		`tomli>=1; python_version < "3.11"`: `tomli>=1; python_version < "3.11"`, "six==1.*": "six==1.*",
	} {
		if r, err := parseRequirement(text); err != nil || r.String() != want {
			t.Errorf("%q: %q, %v; want %q", text, r.String(), err, want)
		}
	}
	for _, text := range []string{
		"", "a; b == 'c'\u2028-e .", "a; b == '\f--index-url=https://host.example'", "a; b == \"${HOME}\"", "a; b == 'c' -e /x", "-e .", "./x", "../x", "/x", "x.tar.gz; y z", "git+https://host.example/x", "x @ https://host.example/x.whl", "x @ file:///etc", "https://host.example/x.whl", "x y", "x>=", "x[", "--index-url=y", "x==1 --no-binary=x", "evil.zip", "a; b\n-e .", "x==1+a.zip", "x==1+a.whl; os_name == 'a'", "x===1.tar.gz",
	} {
		if list, err := ParseRequirements("r.txt", []byte(text)); err == nil && strings.TrimSpace(text) != "" {
			t.Errorf("%q is read as %+v", text, list)
		}
	}
	list, err := ParseRequirements("r.txt", []byte("# list\n\na>=1 # one\nb==2 \\\n  --hash=sha256:"+strings.Repeat("a", 64)+" \\\n  --hash=sha256:"+strings.Repeat("b", 64)+"\r\nc\n"))
	if err != nil || len(list) != 3 || list[1].Line != 4 || len(list[1].Hashes) != 2 || list[1].Versions != "==2" || list[2].Name != "c" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := ParseRequirements("r.txt", []byte("a\n\n-r other.txt\n")); err == nil || !strings.Contains(err.Error(), "r.txt:3: ") {
		t.Errorf("%v", err)
	}
}

func FuzzParseRequirement(f *testing.F) {
	for _, text := range []string{"sympy", "a[b,c]>=1,<2; extra == 'x'", "x @ git+https://y", "a (>=1)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRequirement(text)
		if err != nil {
			return
		}
		if strings.Contains(r.Name+r.Versions, "/") || strings.HasPrefix(r.String(), "-") {
			t.Errorf("%q is read as %q", text, r)
		}
		again, err := parseRequirement(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%q becomes %q, and that %q, %v", text, r, again, err)
		}
	})
}

// A wheel that is accepted has names that lead nowhere and show what they are, and can be written down and read again.
func FuzzReadWheel(f *testing.F) {
	f.Add("shapes-1.0-py3-none-any.whl", makeWheel(f, "shapes-1.0-py3-none-any.whl", []string{"units>=1; extra == 'x'"}, part{name: "shapes/__init__.py", text: "x = 1\n"}))
	f.Add("a-1-py3-none-any.whl", makeWheel(f, "a-1-py3-none-any.whl", nil, part{name: "a-1.data/purelib/a.py"}, part{name: "é.py"}))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		w, err := readWheel(name, text)
		if err != nil {
			return
		}
		for _, file := range w.files {
			if !fs.ValidPath(file.name) || strings.ContainsFunc(file.name, isUnseen) {
				t.Errorf("a file is named %q", file.name)
			}
		}
		l := newLock()
		l.Packages = []Locked{{Name: w.name, Version: w.version, Wheel: name, SHA256: strings.Repeat("0", 64), Requires: w.requires, Modules: w.modules, LeftOut: w.native}}
		if _, err := ParseLock(l.Text()); err != nil {
			t.Error(err)
		}
	})
}

func TestLockFiles(t *testing.T) {
	good := newLock()
	good.Packages = []Locked{{Name: "b", Version: "1.0", Wheel: "b-1.0-py3-none-any.whl", SHA256: strings.Repeat("0", 64), Modules: []string{}}, {Name: "a", Version: "2", Wheel: "a-2-py3-none-any.whl", SHA256: strings.Repeat("1", 64), Modules: []string{}}}
	text := good.Text()
	again, err := ParseLock(text)
	if err != nil || !bytes.Equal(again.Text(), text) || again.Packages[0].Name != "a" {
		t.Errorf("%v\n%s", err, text)
	}
	for old, with := range map[string]string{
		`"schema": "wand.packages/v1"`: `"schema": "wand.packages/v2"`, `"name": "a"`: `"name": "../a"`, `"name": "b"`: `"name": "a"`, `"wheel": "a-2`: `"wheel": "../a-2`,
		strings.Repeat("1", 64): "1", `"version": "2"`: `"version": "two"`, `"python"`: `"snake"`,
		`"bytes": 0,`: `"bytes": 0, "requested": "a\n-e /evil",`,
	} {
		if _, err := ParseLock(bytes.Replace(text, []byte(old), []byte(with), 1)); err == nil {
			t.Errorf("a lock file with %s is read", with)
		}
	}
	for old, with := range map[string]string{
		`"name": "a"`: `"name": "a>=1"`, `"wheel": "a-2`: `"wheel": "a\u2028-2`, `"bytes": 0,`: `"bytes": 0, "requested": "a; os_name == 'x'\u2028--index-url=https://host.example",`,
	} {
		if _, err := ParseLock(bytes.Replace(text, []byte(old), []byte(with), 1)); err == nil {
			t.Errorf("a lock file with %s is read", with)
		}
	}
}

// index makes a folder of wheels that pip takes for its index, and a store.
func index(t *testing.T) (*Store, string) {
	t.Helper()
	if err := exec.Command("python3", "-m", "pip", "--version").Run(); err != nil {
		t.Skip("there is no python3 with pip")
	}
	dir := t.TempDir()
	put := func(file string, requires []string, parts ...part) {
		if err := os.WriteFile(filepath.Join(dir, file), makeWheel(t, file, requires, parts...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("one-1.0-py3-none-any.whl", []string{"base>=1"}, part{name: "one.py", text: "import base\n"})
	put("two-1.0-py3-none-any.whl", []string{"base<2"}, part{name: "two.py", text: "import base\n"})
	put("base-1.0-py3-none-any.whl", nil, part{name: "base.py", text: "x = 1\n"})
	put("base-2.0-py3-none-any.whl", nil, part{name: "base.py", text: "x = 2\n"})
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", dir)
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func requirements(t *testing.T, list ...string) []FileRequirement {
	t.Helper()
	r, err := ParseRequirements("test", []byte(strings.Join(list, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func versions(t *testing.T, s *Store) string {
	t.Helper()
	l, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, p := range l.Packages {
		list = append(list, p.Name+" "+p.Version)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func TestTwoAddsAtOnce(t *testing.T) {
	s, _ := index(t)
	other, err := Open(s.Path()) // as another process has it
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for store, name := range map[*Store]string{s: "one", other: "two"} {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if _, err := store.Add(context.Background(), requirements(t, name), nil, AddOptions{}); err != nil {
				t.Error(name, err)
			}
		}()
	}
	wait.Wait()
	// Whoever came second has made room for both.
	if got := versions(t, s); got != "base 1.0, one 1.0, two 1.0" {
		t.Errorf("the store has %s", got)
	}
	wheels, _ := filepath.Glob(filepath.Join(s.Path(), wheelsName, "*"))
	if len(wheels) != 3 {
		t.Errorf("it holds %q", wheels)
	}
	found, err := s.Select("one")
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	if text, err := fs.ReadFile(found[1].Dir, "base.py"); string(text) != "x = 1\n" {
		t.Errorf("base is %q, %v", text, err)
	}
}

func TestInterruptedAddLosesNothing(t *testing.T) {
	s, dir := index(t)
	ctx := context.Background()
	if _, err := s.Add(ctx, requirements(t, "two"), nil, AddOptions{}); err != nil {
		t.Fatal(err)
	}
	before := versions(t, s)
	// A process that was killed leaves its folder and a wheel that no lock names.
	left := filepath.Join(s.Path(), workPrefix+"123")
	stray := filepath.Join(s.Path(), wheelsName, strings.Repeat("e", 64)+".whl")
	if err := errors.Join(os.Mkdir(left, 0o700), os.WriteFile(filepath.Join(left, "x"), nil, 0o600), os.WriteFile(stray, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := s.Add(cancelled, requirements(t, "one"), nil, AddOptions{}); err == nil {
		t.Error("an add that was cancelled succeeds")
	}
	if got := versions(t, s); got != before {
		t.Errorf("after a cancelled add the store has %s", got)
	}
	// Nothing is downloaded that is there: the index may be gone by now.
	if err := os.Rename(filepath.Join(dir, "base-1.0-py3-none-any.whl"), filepath.Join(t.TempDir(), "x.whl")); err != nil {
		t.Fatal(err)
	}
	added, err := s.Add(ctx, requirements(t, "one"), nil, AddOptions{})
	if err != nil || len(added.New) != 1 || len(added.Kept) != 2 {
		t.Fatalf("%+v, %v", added, err)
	}
	for _, path := range []string{left, stray} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

// A wheel that is given as a file is the one that is kept, and a version that is there does not become another wheel, whatever the index has under the name.
func TestIndexCannotReplaceAFile(t *testing.T) {
	s, dir := index(t)
	own := makeWheel(t, "internal-1.0-py3-none-any.whl", []string{"base"}, part{name: "internal.py", text: "who = 'own'\n"})
	// pip likes a build number better than none.
	foreign := makeWheel(t, "internal-1.0-1-py3-none-any.whl", []string{"two"}, part{name: "internal.py", text: "who = 'foreign'\n"})
	user := makeWheel(t, "user-1.0-py3-none-any.whl", []string{"internal[more]"}, part{name: "user.py"})
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "internal-1.0-1-py3-none-any.whl"), foreign, 0o600), os.WriteFile(filepath.Join(dir, "user-1.0-py3-none-any.whl"), user, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() (*Added, error){
		func() (*Added, error) {
			return s.Add(context.Background(), nil, []Wheel{{"internal-1.0-py3-none-any.whl", own}}, AddOptions{})
		},
		func() (*Added, error) { return s.Add(context.Background(), requirements(t, "user"), nil, AddOptions{}) },
		func() (*Added, error) {
			return s.Add(context.Background(), requirements(t, "one"), []Wheel{{"internal-1.0-py3-none-any.whl", own}}, AddOptions{})
		},
	} {
		if _, err := step(); err != nil {
			t.Fatal(err)
		}
		found, err := s.Select("internal")
		if err != nil {
			t.Fatal(err)
		}
		if text, err := fs.ReadFile(found[0].Dir, "internal.py"); string(text) != "who = 'own'\n" {
			t.Fatalf("the store has %q, %v", text, err)
		}
	}
	if got := versions(t, s); got != "base 2.0, internal 1.0, one 1.0, user 1.0" {
		t.Errorf("the store has %s", got)
	}
	if _, err := s.Add(context.Background(), nil, []Wheel{{"internal-1.0-py3-none-any.whl", own}, {"internal-1.0-1-py3-none-any.whl", foreign}}, AddOptions{}); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("two files of one package: %v", err)
	}
}

// A store in a folder that holds more than packages removes nothing of it.
func TestStoreLeavesOtherFilesAlone(t *testing.T) {
	s, dir := index(t)
	mine := []string{"add-ons/notes.txt", "wheels/internal-1.0-py3-none-any.whl", "wheels/notes.txt"}
	for _, name := range mine {
		path := filepath.Join(s.Path(), filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("mine"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "base-1.0-py3-none-any.whl"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(context.Background(), nil, []Wheel{{"base-1.0-py3-none-any.whl", text}}, AddOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove(context.Background(), "base"); err != nil {
		t.Fatal(err)
	}
	for _, name := range mine {
		if text, err := os.ReadFile(filepath.Join(s.Path(), filepath.FromSlash(name))); string(text) != "mine" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// A lock file that could not be read again is not written.
func TestStoreIsNotLostToAPackage(t *testing.T) {
	s, _ := index(t)
	if _, err := s.Add(context.Background(), requirements(t, "base"), nil, AddOptions{}); err != nil {
		t.Fatal(err)
	}
	before := versions(t, s)
	err := s.change(context.Background(), nil, func(l *Lock) (*Lock, error) {
		next := *l
		next.Packages = append(slices.Clone(l.Packages), Locked{Name: "huge", Version: "1.0", Wheel: "huge-1.0-py3-none-any.whl", SHA256: strings.Repeat("0", 64), Modules: []string{strings.Repeat("m", maxLock)}})
		return &next, nil
	})
	if err == nil || !strings.Contains(err.Error(), "what was added before is untouched") {
		t.Errorf("%v", err)
	}
	if got := versions(t, s); got != before {
		t.Errorf("the store has %s", got)
	}
}

func TestDamagedStore(t *testing.T) {
	s, _ := index(t)
	if _, err := s.Add(context.Background(), requirements(t, "base"), nil, AddOptions{}); err != nil {
		t.Fatal(err)
	}
	l, _ := s.Lock()
	wheel := s.wheelPath(l.Packages[0].SHA256)
	os.Chmod(wheel, 0o600)
	if err := os.WriteFile(wheel, []byte("PK changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh, _ := Open(s.Path())
	found, err := fresh.Select("base")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := found[0].Dir.Open("."); !errors.Is(err, ErrDamaged) {
		t.Errorf("a wheel that was changed: %v", err)
	}
	// Adding it again repairs it.
	if _, err := fresh.Add(context.Background(), requirements(t, "base"), nil, AddOptions{}); err != nil {
		t.Fatal(err)
	}
	again, _ := Open(s.Path())
	found, _ = again.Select("base")
	if _, err := fs.ReadFile(found[0].Dir, "base.py"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(s.Path(), lockName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Select("base"); !errors.Is(err, ErrDamaged) {
		t.Errorf("a lock file that was changed: %v", err)
	}
	if _, err := again.Find("nosuch"); errors.Is(err, runtime.ErrNoPackage) {
		t.Error("a damaged store says that a package was not added")
	}
}

// Markers are asked of the guest, whatever Python pip runs in.
func TestMarkersAreOfTheGuest(t *testing.T) {
	s, dir := index(t)
	file := "marked-1.0-py3-none-any.whl"
	text := makeWheel(t, file, []string{`one; python_version >= "3.13" and python_version < "3.14"`, `two; sys_platform == "linux" or sys_platform == "win32" or sys_platform == "darwin"`, `gone; python_version < "3.13"`}, part{name: "marked.py"})
	if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(context.Background(), requirements(t, "marked"), nil, AddOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := versions(t, s); got != "base 2.0, marked 1.0, one 1.0" {
		t.Errorf("the store has %s", got)
	}
}

// pip cannot start a program, whatever a package would have it build.
func TestBootstrapStartsNothing(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3")
	}
	watch, _, _ := strings.Cut(bootstrap, "\nimport runpy")
	for _, try := range []string{
		"import subprocess; subprocess.run(['true'])", "import os; os.system('true')", "import os; os.fork()", "import os; os.execv('/bin/true', ['true'])",
		"import os; os.posix_spawn('/bin/true', ['true'], {})", "import pty; pty.spawn('true')", "import multiprocessing; multiprocessing.get_context('spawn').Process(target=print).start()",
	} {
		out, err := exec.Command("python3", "-c", watch+"\n"+try+"\nprint('it ran')").CombinedOutput()
		if err == nil || bytes.Contains(out, []byte("it ran")) || !bytes.Contains(out, []byte("wand lets pip start no other program")) {
			t.Errorf("%s: %v\n%s", try, err, out)
		}
	}
	// Nor does it load what lies in the working folder.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pip.py"), []byte("print('it ran')"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-c", bootstrap, "--version")
	cmd.Dir = dir
	if out, _ := cmd.CombinedOutput(); bytes.Contains(out, []byte("it ran")) {
		t.Errorf("pip.py of the working folder was loaded:\n%s", out)
	}
}

func TestPipSeesLittleOfTheEnvironment(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("PYTHONPATH", "/evil")
	t.Setenv("PIP_TARGET", "/usr")
	t.Setenv("PIP_NO_BINARY", ":all:")
	t.Setenv("PIP_INDEX_URL", "https://index.example/simple")
	t.Setenv("https_proxy", "http://proxy.example")
	env := strings.Join(pipEnvironment("/tmp/x"), "\n")
	for _, not := range []string{"secret", "/evil", "PIP_TARGET", "PIP_NO_BINARY"} {
		if strings.Contains(env, not) {
			t.Errorf("pip sees %s", not)
		}
	}
	for _, what := range []string{"PIP_INDEX_URL=https://index.example/simple", "https_proxy=http://proxy.example", "TMPDIR=/tmp/x"} {
		if !strings.Contains(env, what) {
			t.Errorf("pip does not see %s", what)
		}
	}
}

package packagestore

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"wand/policies"
	"wand/policies/units"
)

// Bounds of a wheel. It comes from outside and may be anything.
const (
	maxWheel      = 256 << 20 // bytes of the file
	maxWheelFiles = 20_000
	maxWheelBytes = 256 << 20 // of all files, decompressed; they are in memory, a few times over
	maxWheelPath  = 1024      // bytes of a name
	maxMetadata   = 1 << 20
	maxEntry      = 256 << 10 // bytes of what a lock file says of it
)

// NativeError is a package with code for a machine, which cannot run in WebAssembly.
type NativeError struct {
	Name, Version string
	Files         []string // the native files of the wheel; none where there is no other kind of wheel
	Hint          string   // what to do
}

func (e *NativeError) Error() string {
	text := strings.TrimSpace(e.Name + " " + e.Version)
	switch n := len(e.Files); {
	case n == 0:
		text += " has no wheel in pure Python: only native code, which cannot run in WebAssembly, or source, which would have to be built and runs its code on this machine then"
	case n == 1:
		text += fmt.Sprintf(" has native code, which cannot run in WebAssembly (%s)", e.Files[0])
	default:
		text += fmt.Sprintf(" has native code, which cannot run in WebAssembly (%s and %d more)", e.Files[0], n-1)
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// wheel is a checked wheel.
type wheel struct {
	name, version string // name in normal form
	requires      []string
	modules       []string
	native        []string // files with native code
	files         []wheelFile
}

type wheelFile struct {
	name string // where a run sees it
	raw  string // its name in the wheel
	data []byte
}

// readWheel reads a wheel whole and checks it: what it is named and what it says it is, that each file is the one that RECORD lists, and that no name leads
// anywhere else. Nothing of it is executed or written.
func readWheel(fileName string, text []byte) (*wheel, error) {
	if len(text) > maxWheel {
		return nil, fmt.Errorf("%s has %s, and the most is %s", fileName, units.Bytes(len(text)), units.Bytes(maxWheel))
	}
	parts := strings.Split(strings.TrimSuffix(fileName, ".whl"), "-")
	if !wheelName.MatchString(fileName) || len(parts) < 5 || len(parts) > 6 {
		return nil, fmt.Errorf("%.200q is no name of a wheel: NAME-VERSION-PYTHON-ABI-PLATFORM.whl", fileName)
	}
	w := &wheel{name: policies.NormalPackage(parts[0]), version: parts[1]}
	if !isName(w.name) || !(policies.PackageGrant{Name: w.name}).Meets(w.version) {
		return nil, fmt.Errorf("%s is no name of a wheel: %s is no name of a package, or %s no version", fileName, parts[0], parts[1])
	}
	if err := w.unpack(text); err != nil {
		return nil, fmt.Errorf("%s: %w", fileName, err)
	}
	info, err := w.distInfo()
	if err == nil {
		err = w.metadata(info)
	}
	if err == nil {
		err = w.record(info)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", fileName, err)
	}
	if err := w.arrange(info); err != nil {
		return nil, fmt.Errorf("%s: %w", fileName, err)
	}
	return w, nil
}

// unpack reads the files of the archive.
func (w *wheel) unpack(text []byte) error {
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("it is no zip file: %w", err)
	}
	if len(z.File) > maxWheelFiles {
		return fmt.Errorf("it has more than %d files", maxWheelFiles)
	}
	seen := map[string]bool{}
	left := int64(maxWheelBytes)
	for _, f := range z.File {
		name := f.Name
		switch {
		case len(name) > maxWheelPath:
			return fmt.Errorf("a name in it is longer than %d bytes: %.60q", maxWheelPath, name)
		case !fs.ValidPath(strings.TrimSuffix(name, "/")) || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, isUnseen) || name == "." || name == "./":
			return fmt.Errorf("a name in it leads out of it, or cannot be one on every system: %.100q", name)
		case f.FileInfo().IsDir():
			continue
		case !f.Mode().IsRegular():
			return fmt.Errorf("%q is a link or a special file", name)
		}
		if seen[name] {
			return fmt.Errorf("two files in it have the name %q", name)
		}
		seen[name] = true
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		// As large as it says, as far as that can be true, so that it does not grow by copies.
		data := bytes.NewBuffer(make([]byte, 0, min(int64(min(f.UncompressedSize64, maxWheelBytes)), 1100*int64(min(f.CompressedSize64, maxWheel)), left)+bytes.MinRead))
		_, err = data.ReadFrom(io.LimitReader(r, left+1))
		r.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if left -= int64(data.Len()); left < 0 {
			return fmt.Errorf("its files have more than %s", units.Bytes(maxWheelBytes))
		}
		w.files = append(w.files, wheelFile{name, name, data.Bytes()})
	}
	return onePlace(seen)
}

// onePlace refuses names of which one is a folder of another.
func onePlace(names map[string]bool) error {
	for name := range names {
		for i := strings.IndexByte(name, '/'); i >= 0; {
			if names[name[:i]] {
				return fmt.Errorf("%q is a file and a folder in it", name[:i])
			}
			next := strings.IndexByte(name[i+1:], '/')
			if next < 0 {
				break
			}
			i += 1 + next
		}
	}
	return nil
}

// wheelName is the form of a wheel's file name (PEP 427), in ASCII: it stands in pip's files, in a lock file and in messages.
var wheelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl$`)

// moduleName is the form of a module's name; files that are named otherwise cannot be imported by a statement.
var moduleName = regexp.MustCompile(`^[\pL_][\pL\pN_]{0,254}$`)

// isUnseen says whether a character changes how a name is shown, or where a line ends, in place of being seen.
func isUnseen(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

func (w *wheel) file(name string) ([]byte, bool) {
	for _, f := range w.files {
		if f.raw == name {
			return f.data, true
		}
	}
	return nil, false
}

// distInfo is the folder of the wheel's metadata.
func (w *wheel) distInfo() (string, error) {
	found := ""
	for _, f := range w.files {
		top, _, _ := strings.Cut(f.raw, "/")
		if !strings.HasSuffix(top, ".dist-info") || top == found {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("it has two folders of metadata: %s and %s", found, top)
		}
		found = top
	}
	name, version, _ := strings.Cut(strings.TrimSuffix(found, ".dist-info"), "-")
	if found == "" || policies.NormalPackage(name) != w.name || !sameVersion(version, w.version) {
		return "", fmt.Errorf("it has no folder %s-%s.dist-info", w.name, w.version)
	}
	return found, nil
}

// sameVersion compares versions as Python does: 1.0 is 1.0.0.
func sameVersion(a, b string) bool {
	return a == b || policies.PackageGrant{Name: "x", Versions: "==" + b}.Meets(a)
}

// metadata reads METADATA and WHEEL.
func (w *wheel) metadata(info string) error {
	head := func(name string) (map[string][]string, error) {
		text, ok := w.file(info + "/" + name)
		if !ok {
			return nil, fmt.Errorf("it has no file %s/%s", info, name)
		}
		if len(text) > maxMetadata {
			return nil, fmt.Errorf("%s is larger than %s", name, units.Bytes(maxMetadata))
		}
		return headers(string(text)), nil
	}
	first := func(values []string) string {
		if len(values) == 0 {
			return ""
		}
		return values[0]
	}
	about, err := head("METADATA")
	if err != nil {
		return err
	}
	if name, version := first(about["name"]), first(about["version"]); policies.NormalPackage(name) != w.name || !sameVersion(version, w.version) {
		return fmt.Errorf("it is named %s %s, and its METADATA says %.60s %.60s", w.name, w.version, name, version)
	}
	for _, text := range about["requires-dist"] {
		if _, err := parseRequirement(text); err != nil {
			return fmt.Errorf("what it needs cannot be used: %w", err)
		}
		w.requires = append(w.requires, text)
	}
	how, err := head("WHEEL")
	if err != nil {
		return err
	}
	if version := first(how["wheel-version"]); !strings.HasPrefix(version, "1.") {
		return fmt.Errorf("it has version %.20q of the wheel format, and 1 is known", version)
	}
	return nil
}

// headers reads the lines NAME: VALUE up to the first empty one. Those that are none, such as the rest of a long licence, say nothing that matters here.
func headers(text string) map[string][]string {
	list := map[string][]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		if name, value, ok := strings.Cut(line, ":"); ok && !strings.ContainsAny(name, " \t") {
			name = strings.ToLower(name)
			list[name] = append(list[name], strings.TrimSpace(value))
		}
	}
	return list
}

// record compares the files with RECORD: each is listed, with its digest.
func (w *wheel) record(info string) error {
	text, ok := w.file(info + "/RECORD")
	if !ok {
		return fmt.Errorf("it has no file %s/RECORD, which lists what belongs to it", info)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("RECORD cannot be read: %w", err)
	}
	listed := map[string]string{}
	for _, row := range rows {
		if len(row) < 2 {
			return errors.New("RECORD has a line that is no file and digest")
		}
		listed[row[0]] = row[1]
	}
	for _, f := range w.files {
		want, ok := listed[f.raw]
		switch {
		case f.raw == info+"/RECORD" || f.raw == info+"/RECORD.jws" || f.raw == info+"/RECORD.p7s":
			delete(listed, f.raw)
			continue
		case !ok:
			return fmt.Errorf("the file %q is not in RECORD: somebody has put it in later", f.raw)
		}
		delete(listed, f.raw)
		algorithm, digest, _ := strings.Cut(want, "=")
		var h hash.Hash
		switch algorithm {
		case "sha256":
			h = sha256.New()
		case "sha384":
			h = sha512.New384()
		case "sha512":
			h = sha512.New()
		default:
			return fmt.Errorf("RECORD has no SHA-256 of %q", f.raw)
		}
		h.Write(f.data)
		if got := base64.RawURLEncoding.EncodeToString(h.Sum(nil)); got != strings.TrimRight(digest, "=") {
			return fmt.Errorf("the file %q is not the one that RECORD lists: its digest is another", f.raw)
		}
	}
	for name := range listed {
		if path.Ext(name) != ".pyc" {
			return fmt.Errorf("RECORD lists %.100q, which is not there", name)
		}
	}
	return nil
}

// arrange puts the files where an installer would put modules, and leaves out what is none: scripts, headers, data of the machine, files that make Python
// run code when it starts (which the guest would not read), and metadata that nothing asks for. Native files stay, for whoever decides about them.
func (w *wheel) arrange(info string) error {
	placed := map[string]bool{}
	kept := w.files[:0]
	top := map[string]bool{}
	for _, f := range w.files {
		if first, rest, ok := strings.Cut(f.name, "/"); ok && strings.HasSuffix(first, ".data") {
			kind, below, _ := strings.Cut(rest, "/")
			if kind != "purelib" && kind != "platlib" || below == "" {
				continue
			}
			f.name = below
		}
		first, _, below := strings.Cut(f.name, "/")
		// One that lies above all packages is nobody's; it makes the whole wheel look like one package.
		if !below && (path.Ext(f.name) == ".pth" || f.name == "__init__.py") {
			continue
		}
		if placed[f.name] {
			return fmt.Errorf("two files in it would be installed as %q", f.name)
		}
		placed[f.name] = true
		kept = append(kept, f)
		if isNative(f.name, f.data) {
			w.native = append(w.native, f.name)
			continue
		}
		switch {
		case first == info:
		case below && (path.Ext(f.name) == ".py"):
			top[first] = true
		case !below && path.Ext(f.name) == ".py":
			top[strings.TrimSuffix(first, ".py")] = true
		}
	}
	w.files = kept
	for name := range top {
		if moduleName.MatchString(name) {
			w.modules = append(w.modules, name)
		}
	}
	slices.Sort(w.modules)
	size := 0
	for _, text := range slices.Concat(w.modules, w.requires, w.native) {
		size += len(text) + 8
	}
	if size > maxEntry {
		return fmt.Errorf("what it provides and needs (%d modules, %d requirements) is more than %s to write down", len(w.modules), len(w.requires), units.Bytes(maxEntry))
	}
	return onePlace(placed)
}

// isNative says whether a file has code for a machine: by its name, and by its first bytes whatever it is named.
func isNative(name string, data []byte) bool {
	switch path.Ext(name) {
	case ".so", ".pyd", ".dylib", ".dll":
		return true
	}
	for _, magic := range []string{"\x7fELF", "MZ\x90\x00", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	return strings.Contains(path.Base(name), ".so.")
}

// archive makes a zip file of what runs see, without native code: with a folder of metadata when it is to be a wheel again.
func (w *wheel) archive() ([]byte, error) {
	var b bytes.Buffer
	size := 64
	for _, f := range w.files {
		size += len(f.data) + 2*len(f.name) + 128
	}
	b.Grow(size)
	z := zip.NewWriter(&b)
	for _, f := range w.files {
		if slices.Contains(w.native, f.name) {
			continue
		}
		part, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store})
		if err == nil {
			_, err = part.Write(f.data)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// pure is the wheel without its native code, as a pure wheel that pip resolves with. It is never stored.
func (w *wheel) pure() (fileName string, text []byte, err error) {
	stem := strings.ReplaceAll(w.name, "-", "_") + "-" + w.version
	record := bytes.Buffer{}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name string, data []byte) {
		part, e := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if e == nil {
			_, e = part.Write(data)
		}
		err = errors.Join(err, e)
		sum := sha256.Sum256(data)
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(data))
	}
	for _, f := range w.files {
		dir, base := path.Split(f.name)
		if slices.Contains(w.native, f.name) || strings.HasSuffix(dir, ".dist-info/") && (base == "RECORD" || base == "WHEEL" || base == "METADATA") {
			continue
		}
		if !strings.Contains(dir, ".dist-info/") {
			put(f.name, f.data)
		}
	}
	info := stem + ".dist-info/"
	about := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", w.name, w.version)
	for _, r := range w.requires {
		about += "Requires-Dist: " + r + "\n"
	}
	put(info+"METADATA", []byte(about))
	put(info+"WHEEL", []byte("Wheel-Version: 1.0\nGenerator: wand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
	list := record.String() + info + "RECORD,,\n"
	put(info+"RECORD", []byte(list))
	err = errors.Join(err, z.Close())
	return stem + "-py3-none-any.whl", b.Bytes(), err
}

// wheelFS shows a stored wheel as the folder that runs import from. It is read when somebody first looks.
type wheelFS struct {
	path   string
	locked Locked

	once sync.Once
	fs   fs.FS
	err  error
}

// Open implements fs.FS.
func (w *wheelFS) Open(name string) (fs.File, error) {
	w.once.Do(func() { w.fs, w.err = w.load() })
	if w.err != nil {
		return nil, w.err
	}
	return w.fs.Open(name)
}

func (w *wheelFS) load() (fs.FS, error) {
	text, err := os.ReadFile(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the wheel of %s %s is gone; add it again: wand packages add %s==%s", ErrDamaged, w.locked.Name, w.locked.Version, w.locked.Name, w.locked.Version)
	}
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != w.locked.SHA256 {
		return nil, fmt.Errorf("%w: the wheel of %s %s was changed; remove and add it again", ErrDamaged, w.locked.Name, w.locked.Version)
	}
	read, err := readWheel(w.locked.Wheel, text)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(read.native, w.locked.LeftOut) {
		return nil, &NativeError{Name: read.name, Version: read.version, Files: read.native}
	}
	zipped, err := read.archive()
	if err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
}

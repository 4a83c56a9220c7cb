package runtime

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"wand/compiler"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
	"wand/policies"
	"wand/policies/units"
	"wand/runtime/engine"
)

// Errors of baked guests.
var (
	// ErrNoBaked says that there is no baked guest of a name here; the message names those that there are.
	ErrNoBaked = errors.New("no such baked guest")
	// ErrStaleBaked says that a baked guest was made for another build of its interpreter, or of wand; the message says how to bake it anew.
	ErrStaleBaked = errors.New("the baked guest is out of date")
)

// BakeOptions are what goes into a baked guest.
type BakeOptions struct {
	// Name is what Options.Guest and SessionOptions.Guest call it: 1 to 64 lower-case letters, digits, dots, underscores and hyphens, beginning with a
	// letter. A baked guest of that name is replaced.
	Name string
	// Language is Python, the default. JavaScript programs bring their modules as files, and there is nothing to bake.
	Language compiler.Language
	// Guest is the interpreter that the modules are loaded into: "python" or ScienceGuest. Default: ScienceGuest when the imports name what only that one
	// has and it is built, else "python".
	Guest string
	// Imports are the modules that are imported, in this order: at least one.
	Imports []string
	// Packages can be imported by the imports, and later by every program that the guest runs.
	Packages []Package
	// Limits of the imports. Fields that are zero: DefaultBakeLimits.
	Limits Limits
}

// DefaultBakeLimits bound what importing at bake time may use.
func DefaultBakeLimits() Limits {
	l := DefaultLimits()
	l.Fuel, l.Memory, l.Deadline, l.Storage = 200_000_000_000, 1<<30, 5*time.Minute, 256<<20
	return l
}

// Baked describes a baked guest.
type Baked struct {
	Schema   string            `json:"schema"` // wand.baked/v1
	Name     string            `json:"name"`
	Language compiler.Language `json:"language"`
	Guest    string            `json:"guest"` // name and version of the interpreter
	// Interpreter is BakeOptions.Guest; absent: "python".
	Interpreter string         `json:"interpreter,omitempty"`
	Imports     []string       `json:"imports"`
	Packages    []BakedPackage `json:"packages,omitempty"`
	// Digest is over all that went in: the interpreter, the imports, the packages. Two machines that bake the same have the same.
	Digest string `json:"digest"`
	// MemoryBytes is the memory that every run starts with, which counts towards its limit. Runs share what they do not change.
	MemoryBytes int64 `json:"memory_bytes"`
	// DiskBytes is what it takes in the cache.
	DiskBytes int64 `json:"disk_bytes"`
	// Fuel is what the imports used.
	Fuel int64     `json:"fuel"`
	Made time.Time `json:"made"`
	// Base is the key of the prepared interpreter that the snapshot is of.
	Base string `json:"base"`
}

// BakedPackage is a package in a baked guest.
type BakedPackage struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // of its files
	Bytes  int64  `json:"bytes"`
}

// BakeError says that a guest could not be baked because of what it imports. Report says what happened.
type BakeError struct {
	Name   string
	Report *Report
}

// Error implements error.
func (e *BakeError) Error() string {
	r := e.Report
	if r.Error == nil {
		return fmt.Sprintf("baking %s: the imports ended as %s", e.Name, r.Status)
	}
	text := strings.TrimSuffix(r.Error.Type+": "+r.Error.Message, ": ")
	text = fmt.Sprintf("baking %s: %s", e.Name, strings.TrimPrefix(text, ": "))
	if r.Error.Hint != "" {
		text += "; " + r.Error.Hint
	}
	return text
}

const (
	bakedSchema   = "wand.baked/v1"
	bakedEntry    = "baked."
	bakedManifest = "manifest.json"
	maxImports    = 100
)

var (
	bakedName  = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,63}$`)
	importName = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$`)
)

// baking is the policy of imports at bake time: they reach nothing, and what they draw and the time that they read are the same wherever they are baked.
var baking = &policies.Policy{Version: 1, Random: "seeded", Clock: "virtual"}

// Bake makes a guest that has modules loaded: a run that forks it (Options.Guest) imports them at next to no cost. The imports run once, here, metered and
// without authority; what they write to files is gone afterwards, and what they draw at random is the same in every run. The result is kept in the cache for
// later processes; without a cache it lasts as long as the Runtime. The error is a *BakeError when the imports are at fault.
func (rt *Runtime) Bake(ctx context.Context, o BakeOptions) (*Baked, error) {
	if err := rt.enter(); err != nil {
		return nil, err
	}
	defer rt.leave()
	ctx, end := rt.until(ctx)
	defer end()
	if err := o.check(); err != nil {
		return nil, err
	}
	guest := rt.bakesInto(&o)
	base, release, err := rt.program(ctx, &compiler.Module{Guest: guest})
	if err != nil {
		return nil, err
	}
	defer release()
	g, err := rt.config.Guest(guest)
	if err != nil {
		return nil, err
	}
	b := &Baked{
		Schema: bakedSchema, Name: o.Name, Language: compiler.Python, Guest: base.label, Imports: slices.Clone(o.Imports), Base: rt.preparedKey(g),
		Made: time.Now().UTC().Truncate(time.Second),
	}
	if guest != string(compiler.Python) {
		b.Interpreter = guest
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n", bakedSchema, g.Digest)
	for _, name := range o.Imports {
		fmt.Fprintf(sum, "import %s\n", name)
	}
	parts := map[string][]byte{}
	for i, p := range o.Packages {
		tree, err := rt.packageTree(ctx, string(compiler.Python), p)
		if err != nil {
			return nil, err
		}
		text, err := treeZip(tree)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", p.Name, err)
		}
		parts[bakedPackageFile(i)] = text
		b.Packages = append(b.Packages, BakedPackage{Name: p.Name, Digest: tree.Digest, Bytes: int64(len(text))})
		fmt.Fprintf(sum, "package %s\n", tree.Digest)
	}
	b.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))

	rt.config.Progress(fmt.Sprintf("baking %s: importing %s", o.Name, strings.Join(o.Imports, ", ")))
	snapshot, err := rt.bakeImage(ctx, base, o, b)
	if err != nil {
		return nil, err
	}
	parts[preparedSnapshot] = snapshot
	return b, rt.keepBaked(b, base, parts)
}

// bakesInto is the interpreter that the modules are loaded into.
func (rt *Runtime) bakesInto(o *BakeOptions) string {
	science := slices.ContainsFunc(o.Imports, func(name string) bool { return slices.Contains(scienceModules, topModule([]byte(name))) })
	if o.Guest == "" && science && rt.hasScience() {
		return ScienceGuest
	}
	return cmp.Or(o.Guest, string(compiler.Python))
}

// interpreter is the guest that a baked one is a state of.
func (b *Baked) interpreter() string { return cmp.Or(b.Interpreter, string(b.Language)) }

func (o *BakeOptions) check() error {
	if len(o.Imports) == 0 || len(o.Imports) > maxImports {
		return fmt.Errorf("%w: %d imports; a baked guest has 1 to %d", ErrBadOption, len(o.Imports), maxImports)
	}
	for _, name := range o.Imports {
		if len(name) > 256 || !importName.MatchString(name) {
			return fmt.Errorf("%w: %.100q is no name of a module, such as sympy or xml.etree", ErrBadOption, name)
		}
	}
	if !bakedName.MatchString(o.Name) {
		return fmt.Errorf("%w: %q cannot be the name of a baked guest: take 1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter first", ErrBadOption, o.Name)
	}
	if o.Name == "python" || o.Name == "javascript" || o.Name == "typescript" || o.Name == ScienceGuest {
		return fmt.Errorf("%w: %s is an interpreter's own name", ErrBadOption, o.Name)
	}
	if o.Guest != "" && o.Guest != string(compiler.Python) && o.Guest != ScienceGuest {
		return fmt.Errorf("%w: modules are loaded into the interpreters python and %s, not into %.100q", ErrBadOption, ScienceGuest, o.Guest)
	}
	switch o.Language {
	case "", compiler.Python:
	case compiler.JavaScript, compiler.TypeScript:
		return fmt.Errorf("%w: only Python guests can be baked: a JavaScript program brings its modules as files, which are its own and belong to its run", ErrBadOption)
	default:
		return fmt.Errorf("%w: only Python guests can be baked, not %s", ErrBadOption, o.Language)
	}
	return o.Limits.check()
}

func bakedPackageFile(i int) string { return fmt.Sprintf("package-%d.zip", i) }

// treeZip is a package as the vault keeps it.
func treeZip(t *vfs.Tree) ([]byte, error) {
	var files []File
	err := fs.WalkDir(t.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := fs.ReadFile(t.FS(), name)
		files = append(files, File{Path: name, Data: data})
		return err
	})
	if err != nil {
		return nil, err
	}
	return writeZip(files)
}

// bakeImage imports the modules in a fork and freezes it. It returns the form that the vault keeps.
func (rt *Runtime) bakeImage(ctx context.Context, base *program, o BakeOptions, b *Baked) (snapshot []byte, err error) {
	m := &compiler.Module{Name: "bake", Language: compiler.Python, Guest: string(compiler.Python), Program: strings.Join(o.Imports, "\n")}
	var seed [32]byte
	freeze := func(instance engine.Instance, state *wasi.State) error {
		if n := state.OpenFiles(); n > 0 {
			return fmt.Errorf("baking %s: the imports left %d files open; a file belongs to the run that opens it, so the modules that do this cannot be baked", o.Name, n)
		}
		globals := map[string]uint64{}
		for name := range base.image.Globals {
			globals[name] = instance.Global(name).Get()
		}
		memory := instance.Memory()
		b.MemoryBytes = int64(len(memory))
		snapshot = encodeSnapshot(uint64(len(memory)), base.maxPages, engine.Extents(memory), globals)
		return nil
	}
	report, err := rt.execute(ctx, m, Options{Guest: rt.bakesInto(&o), Limits: o.Limits.or(DefaultBakeLimits()), Packages: o.Packages, Policy: baking, Seed: &seed, freeze: freeze}, "bake")
	if err != nil {
		return nil, err
	}
	if report.Status != Completed {
		return nil, &BakeError{o.Name, report}
	}
	b.Fuel = report.Usage.Fuel.Used
	return snapshot, nil
}

// keepBaked puts a baked guest into the vault, where there is one, and makes it this Runtime's.
func (rt *Runtime) keepBaked(b *Baked, base *program, parts map[string][]byte) error {
	for _, text := range parts {
		b.DiskBytes += int64(len(text))
	}
	p, err := assembleBaked(b, base, parts)
	if err != nil {
		return err
	}
	if rt.vault != nil {
		if err := rt.publishBaked(b, parts); err != nil {
			return errors.Join(fmt.Errorf("keeping the baked guest %s: %w", b.Name, err), p.close(context.Background()))
		}
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	slot := &guestSlot{turn: newTurn(), ready: p}
	if old := rt.baked[b.Name]; old != nil {
		rt.retired = append(rt.retired, old) // runs and sessions may have it
	}
	rt.baked[b.Name] = slot
	return nil
}

func (rt *Runtime) publishBaked(b *Baked, parts map[string][]byte) error {
	dir, err := rt.vault.create()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	manifest, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, bakedManifest), manifest, 0o600); err != nil {
		return err
	}
	for name, text := range parts {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return rt.vault.replace(dir, bakedEntry+b.Name)
}

// assembleBaked makes a program of the parts of a baked guest and the interpreter that it is a state of.
func assembleBaked(b *Baked, base *program, parts map[string][]byte) (*program, error) {
	image, maxPages, err := decodeSnapshot(parts[preparedSnapshot])
	if err != nil {
		return nil, err
	}
	p := &program{
		code: base.code, borrowed: true, image: image, minPages: base.minPages, maxPages: maxPages, label: base.label + " with " + b.Name, digest: b.Digest,
		library: base.library, baked: b,
	}
	for i, named := range b.Packages {
		tree, err := zipTree(parts[bakedPackageFile(i)])
		if err != nil {
			return nil, errors.Join(err, image.Close())
		}
		tree.Digest = named.Digest
		p.packages = append(p.packages, tree)
	}
	return p, nil
}

// fork returns the program that runs of a module start from: the interpreter of its language, or the baked guest of that name.
func (rt *Runtime) fork(ctx context.Context, m *compiler.Module, baked string) (*program, func(), error) {
	if baked == "" || baked == m.Guest {
		return rt.program(ctx, m)
	}
	if baked == ScienceGuest && m.Guest == string(compiler.Python) {
		return rt.program(ctx, &compiler.Module{Guest: ScienceGuest})
	}
	if m.Guest != string(compiler.Python) {
		return nil, nil, fmt.Errorf("%w: the guest %s is a Python one, and the program is %s", ErrBadOption, baked, cmp.Or(string(m.Language), m.Guest))
	}
	rt.mu.Lock()
	slot := rt.baked[baked]
	if slot == nil {
		slot = &guestSlot{turn: newTurn()}
		rt.baked[baked] = slot
	}
	rt.mu.Unlock()
	if err := slot.turn.take(ctx); err != nil {
		return nil, nil, fmt.Errorf("waiting for the guest %s: %w", baked, err)
	}
	defer slot.turn.give()
	if slot.ready == nil {
		p, err := rt.loadBaked(ctx, baked)
		if err != nil {
			rt.mu.Lock()
			if rt.baked[baked] == slot {
				delete(rt.baked, baked)
			}
			rt.mu.Unlock()
			return nil, nil, err
		}
		slot.ready = p
	}
	return slot.ready, func() {}, nil
}

// loadBaked takes a baked guest from the vault.
func (rt *Runtime) loadBaked(ctx context.Context, name string) (*program, error) {
	b, dir, err := rt.openBaked(name)
	if err != nil {
		return nil, err
	}
	g, err := rt.config.Guest(b.interpreter())
	if err != nil {
		return nil, fmt.Errorf("the baked guest %s: %w", name, err)
	}
	if key := rt.preparedKey(g); b.Base != key {
		return nil, fmt.Errorf("%w: %s was made for another build of the interpreter (%s); bake it again with: %s", ErrStaleBaked, name, b.Guest, b.command())
	}
	base, release, err := rt.program(ctx, &compiler.Module{Guest: b.interpreter()})
	if err != nil {
		return nil, err
	}
	defer release()
	parts := map[string][]byte{}
	for i := -1; i < len(b.Packages); i++ {
		part := preparedSnapshot
		if i >= 0 {
			part = bakedPackageFile(i)
		}
		if parts[part], err = os.ReadFile(filepath.Join(dir, part)); err != nil {
			return nil, fmt.Errorf("%w: %s cannot be read: %w", ErrNoBaked, name, err)
		}
	}
	return assembleBaked(b, base, parts)
}

// openBaked verifies the entry of a baked guest and reads what it says of itself.
func (rt *Runtime) openBaked(name string) (*Baked, string, error) {
	missing := func() error {
		if !bakedName.MatchString(name) {
			return fmt.Errorf("%w: %.100q is no name of one", ErrNoBaked, name)
		}
		list, _ := rt.BakedGuests()
		names := make([]string, len(list))
		for i := range list {
			names[i] = list[i].Name
		}
		if len(names) == 0 {
			return fmt.Errorf("%w: %s; none has been baked here; make one with: wand guests bake --name %s --import MODULE", ErrNoBaked, name, name)
		}
		return fmt.Errorf("%w: %s; there are %s", ErrNoBaked, name, strings.Join(names, ", "))
	}
	if rt.vault == nil || !bakedName.MatchString(name) {
		return nil, "", missing()
	}
	key := bakedEntry + name
	dir := rt.vault.entry(key)
	if _, err := os.Stat(dir); err != nil {
		return nil, "", missing()
	}
	// One that does not verify stays where it is: it is the user's, and only they can make it again.
	if err := rt.vault.check(dir, key); err != nil {
		return nil, "", fmt.Errorf("%w: %s was damaged or changed (%w); remove it with: wand guests rm %s", ErrNoBaked, name, err, name)
	}
	b, err := readBaked(dir)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %s: %w", ErrNoBaked, name, err)
	}
	return b, dir, nil
}

func readBaked(dir string) (*Baked, error) {
	text, err := os.ReadFile(filepath.Join(dir, bakedManifest))
	if err != nil {
		return nil, err
	}
	var b Baked
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&b); err != nil {
		return nil, fmt.Errorf("its manifest cannot be read: %w", err)
	}
	if b.Schema != bakedSchema {
		return nil, fmt.Errorf("%w: it has the form %q, and this program reads %s", ErrStaleBaked, b.Schema, bakedSchema)
	}
	return &b, nil
}

// command is how a baked guest is made.
func (b *Baked) command() string {
	text := "wand guests bake --name " + b.Name
	if b.Interpreter != "" {
		text += " --guest " + b.Interpreter
	}
	for _, name := range b.Imports {
		text += " --import " + name
	}
	for _, p := range b.Packages {
		text += " --package " + p.Name
	}
	return text
}

// Stale says why a baked guest cannot be forked by this Runtime although it is there, or returns nil.
func (rt *Runtime) Stale(b *Baked) error {
	g, err := rt.config.Guest(b.interpreter())
	if err == nil && rt.preparedKey(g) != b.Base {
		err = fmt.Errorf("%w: it was made for another build of the interpreter; bake it again with: %s", ErrStaleBaked, b.command())
	}
	return err
}

// BakedGuests lists the baked guests in the cache, by name. It takes their word for what they are; what runs is verified first.
func (rt *Runtime) BakedGuests() ([]Baked, error) {
	if rt.vault == nil {
		return nil, rt.CacheError()
	}
	entries, err := os.ReadDir(rt.vault.dir)
	if err != nil {
		return nil, err
	}
	var list []Baked
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), bakedEntry)
		if !ok || !e.IsDir() {
			continue
		}
		if b, err := readBaked(filepath.Join(rt.vault.dir, e.Name())); err == nil && b.Name == name {
			list = append(list, *b)
		}
	}
	return list, nil
}

// RemoveBaked removes a baked guest from the cache. Runs and sessions of this Runtime that have it keep it. The error wraps ErrNoBaked when there is none.
func (rt *Runtime) RemoveBaked(name string) error {
	if err := rt.enter(); err != nil {
		return err
	}
	defer rt.leave()
	rt.mu.Lock()
	slot := rt.baked[name]
	if slot != nil {
		delete(rt.baked, name)
		rt.retired = append(rt.retired, slot)
	}
	rt.mu.Unlock()
	if rt.vault == nil || !bakedName.MatchString(name) {
		if slot != nil {
			return nil
		}
		return fmt.Errorf("%w: %.100q", ErrNoBaked, name)
	}
	dir := rt.vault.entry(bakedEntry + name)
	if _, err := os.Stat(dir); err != nil {
		if slot != nil {
			return nil
		}
		return fmt.Errorf("%w: %s", ErrNoBaked, name)
	}
	return os.RemoveAll(dir)
}

// String is one line for people.
func (b *Baked) String() string {
	return fmt.Sprintf("%s: %s with %s, %s of memory", b.Name, b.Guest, strings.Join(b.Imports, ", "), units.Bytes(b.MemoryBytes))
}

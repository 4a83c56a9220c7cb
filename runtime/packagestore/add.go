package packagestore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"wand/hostfuncs/durable"
	"wand/policies"
)

// AddOptions say how packages are found. The zero value is usable.
type AddOptions struct {
	// Python is the interpreter whose pip resolves and downloads: a name on the PATH or a path. Default: python3, else python.
	Python string
	// Timeout bounds it. Default: 10 minutes.
	Timeout time.Duration
	// Progress hears of what takes long. Default: nobody does.
	Progress func(message string)
}

// Wheel is a wheel that is given as a file.
type Wheel struct {
	Name string // the file's name
	Data []byte
}

// Added says what an add has changed. Each list is sorted by name.
type Added struct {
	New     []Locked `json:"new"`     // packages, or versions, that were not there before
	Kept    []Locked `json:"kept"`    // what was there and stays
	Removed []Locked `json:"removed"` // what nothing needs any more, and versions that were replaced
}

// withoutNative are packages whose wheels have native code that is only there to be faster: they import and work without it (TestRealPackages).
func withoutNative() []string { return []string{"markupsafe", "pyyaml"} }

// Add resolves requirements (sympy, networkx>=3) and wheels together with what was asked for before, downloads what is not there yet, and adds all of it or
// nothing. Versions that are there stay where the requirements allow that. Errors are a *NativeError, a *ResolveError, ErrNoPip, ErrOffline, or of the files.
func (s *Store) Add(ctx context.Context, requirements []FileRequirement, wheels []Wheel, o AddOptions) (*Added, error) {
	return s.add(ctx, o, func(ctx context.Context, a *addition) (*Lock, error) {
		if err := a.ask(requirements, wheels); err != nil {
			return nil, err
		}
		if err := a.resolve(ctx); err != nil {
			return nil, err
		}
		return a.take()
	})
}

// Restore makes the store have what a lock file says, each wheel with the digest that it says, and nothing else.
func (s *Store) Restore(ctx context.Context, l *Lock, o AddOptions) (*Added, error) {
	return s.add(ctx, o, func(ctx context.Context, a *addition) (*Lock, error) {
		next := newLock()
		for _, p := range l.Packages {
			got, ok := a.old.Package(p.Name)
			if !ok || got.SHA256 != p.SHA256 {
				var err error
				if got, err = a.fetch(ctx, p); err != nil {
					return nil, err
				}
			}
			got.Requested = p.Requested
			next.Packages = append(next.Packages, got)
		}
		return next, nil
	})
}

// add makes a new lock while nobody else changes the store.
func (s *Store) add(ctx context.Context, o AddOptions, make func(context.Context, *addition) (*Lock, error)) (*Added, error) {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Minute
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	added := &Added{New: []Locked{}, Kept: []Locked{}, Removed: []Locked{}}
	err := s.change(ctx, func() { o.Progress("waiting for another process that changes the packages") }, func(old *Lock) (*Lock, error) {
		a, err := s.newAddition(old, o)
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(a.work)
		next, err := make(ctx, a)
		if err != nil {
			return nil, err
		}
		if err := durable.SyncFolder(filepath.Join(s.dir, wheelsName)); err != nil {
			return nil, err
		}
		added.compare(old, next)
		return next, nil
	})
	switch {
	case err != nil && ctx.Err() != nil && whole.Err() == nil:
		return nil, fmt.Errorf("it did not end within %s; what was added before is untouched: %w", o.Timeout, err)
	case err != nil:
		return nil, err
	}
	return added, nil
}

// compare says what is new.
func (d *Added) compare(old, next *Lock) {
	for _, p := range next.Packages {
		if before, ok := old.Package(p.Name); ok && before.SHA256 == p.SHA256 {
			d.Kept = append(d.Kept, p)
		} else {
			d.New = append(d.New, p)
		}
	}
	for _, p := range old.Packages {
		if after, ok := next.Package(p.Name); !ok || after.SHA256 != p.SHA256 {
			d.Removed = append(d.Removed, p)
		}
	}
	for _, list := range [][]Locked{d.New, d.Kept, d.Removed} {
		slices.SortFunc(list, func(a, b Locked) int { return strings.Compare(a.Name, b.Name) })
	}
}

// addition is one Add at work.
type addition struct {
	store  *Store
	old    *Lock
	pip    *pip
	say    func(string)
	work   string            // a folder that goes when it ends
	links  string            // wheels that pip may take beside those of the index
	found  string            // where pip puts what it has chosen
	wanted map[string]string // requirements by name
	// given are the digests of the wheels that this addition was given as files, and files where pip finds them, both by name.
	given map[string][sha256.Size]byte
	files map[string]string
	// stored are those of wheels that the store has, in the same way.
	stored map[string]string
	// hashes are those that requirements ask for, by name.
	hashes map[string][]string
	// asked are the names of this addition's own requirements: their versions are free.
	asked map[string]bool
	// whole are the wheels that stand in links without their native code, by the file's name there.
	whole map[string]Wheel
}

func (s *Store) newAddition(old *Lock, o AddOptions) (*addition, error) {
	work, err := os.MkdirTemp(s.dir, workPrefix)
	if err != nil {
		return nil, err
	}
	a := &addition{
		store: s, old: old, say: o.Progress, work: work, links: filepath.Join(work, "links"), found: filepath.Join(work, "found"),
		wanted: map[string]string{}, given: map[string][sha256.Size]byte{}, files: map[string]string{}, stored: map[string]string{}, hashes: map[string][]string{}, asked: map[string]bool{}, whole: map[string]Wheel{},
	}
	a.pip, err = findPip(o.Python, work)
	if err = errors.Join(err, os.Mkdir(a.links, 0o700)); err != nil {
		os.RemoveAll(work)
		return nil, err
	}
	return a, nil
}

// ask gathers what is wanted: what was asked for before, and now.
func (a *addition) ask(requirements []FileRequirement, wheels []Wheel) error {
	for _, p := range a.old.Packages {
		if p.Requested != "" {
			a.wanted[p.Name] = p.Requested
		}
	}
	for _, r := range requirements {
		name := policies.NormalPackage(r.Name)
		a.hashes[name] = append(a.hashes[name], r.Hashes...)
		if err := a.want(name, r.Requirement.String()); err != nil {
			return err
		}
	}
	for _, file := range wheels {
		w, err := readWheel(file.Name, file.Data)
		if err != nil {
			return err
		}
		path, err := a.offer(w, file)
		if err != nil {
			return err
		}
		if err := a.want(w.name, w.name+"=="+w.version); err != nil {
			return err
		}
		sum := sha256.Sum256(file.Data)
		if other, ok := a.given[w.name]; ok && other != sum {
			return &ResolveError{fmt.Sprintf("%s %s is given twice, as two different files", w.name, w.version), "name one of them"}
		}
		// By name and version alone the index could have another one, with a build number that pip likes better.
		a.given[w.name], a.files[w.name] = sum, path
	}
	return a.offerStored()
}

func (a *addition) want(name, requirement string) error {
	if a.asked[name] && a.wanted[name] != requirement {
		return &ResolveError{fmt.Sprintf("%s is asked for twice: %s and %s", name, a.wanted[name], requirement), "write it as one requirement"}
	}
	a.asked[name], a.wanted[name] = true, requirement
	return nil
}

// offerStored lets pip take what the store has, so that nothing is downloaded twice. What cannot be read there is downloaded again.
func (a *addition) offerStored() error {
	for _, p := range a.old.Packages {
		if _, err := os.Stat(filepath.Join(a.links, p.Wheel)); err == nil {
			continue // it was given as a file
		}
		text, err := os.ReadFile(a.store.wheelPath(p.SHA256))
		if sum := sha256.Sum256(text); err != nil || hex.EncodeToString(sum[:]) != p.SHA256 {
			continue
		}
		w, err := readWheel(p.Wheel, text)
		if err != nil {
			continue
		}
		if a.stored[p.Name], err = a.offer(w, Wheel{p.Wheel, text}); err != nil {
			return err
		}
	}
	return nil
}

// offer puts a wheel where pip finds it, as it is, or without its native code where the package does without, and returns the path.
func (a *addition) offer(w *wheel, file Wheel) (path string, err error) {
	name, text := file.Name, file.Data
	if len(w.native) > 0 {
		if !slices.Contains(withoutNative(), w.name) {
			return "", &NativeError{Name: w.name, Version: w.version, Files: w.native, Hint: nativeHint(w.name)}
		}
		if name, text, err = w.pure(); err != nil {
			return "", err
		}
		a.whole[name] = file
	}
	path = filepath.Join(a.links, name)
	return path, os.WriteFile(path, text, 0o600)
}

// resolve has pip choose and download.
func (a *addition) resolve(ctx context.Context) error {
	names := make([]string, 0, len(a.wanted))
	for name := range a.wanted {
		names = append(names, name)
	}
	slices.Sort(names)
	a.say("resolving and downloading " + strings.Join(names, ", "))
	tried := map[string]bool{}
	// At first the versions that are there stay; they may be what is in the way.
	for free, offered := len(a.old.Packages) == 0, false; ; {
		a.pip.stop = nil
		if !offered {
			a.pip.stop = backtracking
		}
		output, failed, err := a.download(ctx, names, free)
		a.pip.stop = nil
		if err != nil || !failed {
			return err
		}
		if !offered && backtracking.MatchString(output) {
			// pip tries older and older versions when what the newest one needs is not there, and says only at the end what that is.
			offered = true
			output += "\nrequirement " + strings.Join(withoutNative(), "\nrequirement ")
			a.unlock(ctx, output, tried)
			continue
		}
		if a.unlock(ctx, output, tried) {
			continue
		}
		if free || !a.inTheWay(output) {
			return a.pip.explain(ctx, output, a.work)
		}
		free = true
	}
}

// inTheWay says whether the versions that are there may be why pip has found nothing.
func (a *addition) inTheWay(output string) bool {
	if m := notFound.FindStringSubmatch(output); m != nil {
		p, ok := a.old.Package(m[1])
		return ok && !a.asked[p.Name]
	}
	return strings.Contains(output, "conflict")
}

var backtracking = regexp.MustCompile(`is looking at multiple versions of`)

// download runs pip download. Unless free, the versions that are there stay, apart from those of what is asked for.
func (a *addition) download(ctx context.Context, names []string, free bool) (output string, failed bool, err error) {
	if err := errors.Join(os.RemoveAll(a.found), os.Mkdir(a.found, 0o700)); err != nil {
		return "", true, err
	}
	var wanted, constraints strings.Builder
	for _, name := range names {
		file, ok := a.files[name]
		if !ok && !free && !a.asked[name] {
			file, ok = a.stored[name]
		}
		if r, err := parseRequirement(a.wanted[name]); ok && err == nil {
			fmt.Fprintf(&wanted, "%s @ %s\n", Requirement{Name: name, Extras: r.Extras}, fileURL(file))
		} else {
			fmt.Fprintln(&wanted, a.wanted[name])
		}
	}
	for _, p := range a.old.Packages {
		if !free && !a.asked[p.Name] {
			fmt.Fprintf(&constraints, "%s==%s\n", p.Name, p.Version)
		}
	}
	want, bound := filepath.Join(a.work, "wanted.txt"), filepath.Join(a.work, "constraints.txt")
	if err := errors.Join(os.WriteFile(want, []byte(wanted.String()), 0o600), os.WriteFile(bound, []byte(constraints.String()), 0o600)); err != nil {
		return "", true, err
	}
	return a.pip.download(ctx, a.found, pureTarget(), "--find-links", a.links, "--requirement", want, "--constraint", bound)
}

// fileURL is the address of a file of this machine.
func fileURL(path string) string {
	segments := strings.Split(strings.TrimPrefix(filepath.ToSlash(path), "/"), "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s) // a semicolon too, behind which pip looks for a marker
	}
	return "file:///" + strings.Join(segments, "/")
}

// download runs pip download into a folder.
func (p *pip) download(ctx context.Context, dir string, target []string, arguments ...string) (output string, failed bool, err error) {
	return p.run(ctx, slices.Concat([]string{"download", "--progress-bar", "off", "--dest", dir}, target, arguments)...)
}

// unlock makes packages available that pip has looked for in vain and that do without their native code. It says whether that has changed anything.
func (a *addition) unlock(ctx context.Context, output string, tried map[string]bool) bool {
	changed := false
	for _, name := range withoutNative() {
		found := regexp.MustCompile(`(?i)No matching distribution found for (` + name + `[^\s(;]*)|(?:depends on|requirement|requested) ` + name + `\b`).FindStringSubmatch(output)
		if found == nil || tried[name] {
			continue
		}
		tried[name] = true
		requirement := name
		switch {
		case a.wanted[name] != "":
			requirement = a.wanted[name]
		case found[1] != "":
			requirement = found[1]
		}
		file, err := a.one(ctx, nativeTarget(), requirement)
		if err != nil {
			continue // pip's first answer is what is explained
		}
		w, err := readWheel(file.Name, file.Data)
		if err != nil {
			continue
		}
		if _, err := a.offer(w, file); err == nil {
			a.say(fmt.Sprintf("%s %s: its native code is left out; it works without", w.name, w.version))
			changed = true
		}
	}
	return changed
}

// one downloads one wheel alone.
func (a *addition) one(ctx context.Context, target []string, arguments ...string) (Wheel, error) {
	dir, err := os.MkdirTemp(a.work, "one-")
	if err != nil {
		return Wheel{}, err
	}
	output, failed, err := a.pip.download(ctx, dir, target, append([]string{"--no-deps"}, arguments...)...)
	switch {
	case err != nil:
		return Wheel{}, err
	case failed && strings.Contains(output, "DO NOT MATCH THE HASHES"):
		return Wheel{}, &ResolveError{"what the index has is not what the lock file says: its SHA-256 is another", "somebody has changed one of the two; do not use it before you know who"}
	case failed:
		return Wheel{}, a.pip.explain(ctx, output, a.work)
	}
	names, err := wheelsIn(dir)
	if err == nil && len(names) != 1 {
		err = fmt.Errorf("pip downloaded %d files in place of one", len(names))
	}
	if err != nil {
		return Wheel{}, err
	}
	text, err := os.ReadFile(filepath.Join(dir, names[0]))
	return Wheel{names[0], text}, err
}

// fetch downloads exactly the wheel that a lock names.
func (a *addition) fetch(ctx context.Context, p Locked) (Locked, error) {
	a.say("downloading " + p.Name + " " + p.Version)
	list := filepath.Join(a.work, "locked.txt")
	if err := os.WriteFile(list, []byte(p.Name+"=="+p.Version+" --hash=sha256:"+p.SHA256+"\n"), 0o600); err != nil {
		return p, err
	}
	target := pureTarget()
	if len(p.LeftOut) > 0 {
		target = nativeTarget()
	}
	file, err := a.one(ctx, target, "--require-hashes", "--requirement", list)
	if err != nil {
		return p, fmt.Errorf("%s %s: %w", p.Name, p.Version, err)
	}
	got, err := a.admit(file)
	if err == nil && (got.SHA256 != p.SHA256 || got.Name != p.Name) {
		err = &ResolveError{fmt.Sprintf("the wheel of %s is not what the lock file says", p.Name), "make the lock file anew"}
	}
	return got, err
}

// take checks what pip has downloaded and keeps it.
func (a *addition) take() (*Lock, error) {
	names, err := wheelsIn(a.found)
	if err != nil {
		return nil, err
	}
	next := newLock()
	stayed := false
	for _, name := range names { // one in memory at a time
		text, err := os.ReadFile(filepath.Join(a.found, name))
		if err != nil {
			return nil, err
		}
		file := Wheel{name, text}
		if whole, ok := a.whole[file.Name]; ok {
			file = whole
		}
		p, err := a.admit(file)
		if err != nil {
			return nil, err
		}
		if sum, ok := a.given[p.Name]; ok && hex.EncodeToString(sum[:]) != p.SHA256 {
			return nil, &ResolveError{fmt.Sprintf("pip has chosen another wheel of %s %s than the file", p.Name, p.Version), "add the file to a store of its own, with --store"}
		}
		// A version that is there does not change its content because the index has another wheel of it.
		if kept, ok := a.old.Package(p.Name); ok && kept.Version == p.Version && kept.SHA256 != p.SHA256 && !a.asked[p.Name] && a.store.intact(kept) {
			p, stayed = kept, true
		}
		p.Requested = a.wanted[p.Name]
		if hashes := a.hashes[p.Name]; len(hashes) > 0 && !slices.Contains(hashes, "--hash=sha256:"+p.SHA256) {
			return nil, &ResolveError{fmt.Sprintf("%s has the SHA-256 %s, and the requirements file lists another", p.Wheel, p.SHA256), "somebody has changed one of the two; do not use it before you know who"}
		}
		next.Packages = append(next.Packages, p)
	}
	for name, requirement := range a.wanted {
		if _, ok := next.Package(name); !ok {
			return nil, &ResolveError{fmt.Sprintf("pip downloaded nothing for %s", requirement), "a marker may have excluded it"}
		}
	}
	if stayed { // what only the other wheel needs
		next = next.needed()
	}
	return next, nil
}

// admit checks a wheel and puts it under its digest.
func (a *addition) admit(file Wheel) (Locked, error) {
	w, err := readWheel(file.Name, file.Data)
	if err != nil {
		return Locked{}, err
	}
	if len(w.native) > 0 && !slices.Contains(withoutNative(), w.name) {
		return Locked{}, &NativeError{Name: w.name, Version: w.version, Files: w.native, Hint: nativeHint(w.name)}
	}
	sum := sha256.Sum256(file.Data)
	p := Locked{
		Name: w.name, Version: w.version, Wheel: file.Name, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(file.Data)),
		Requires: w.requires, Modules: append([]string{}, w.modules...), LeftOut: w.native,
	}
	path := a.store.wheelPath(p.SHA256)
	if have, err := os.ReadFile(path); err == nil && sha256.Sum256(have) == sum {
		return p, nil
	}
	f, err := os.CreateTemp(a.work, "wheel-")
	if err != nil {
		return p, err
	}
	_, err = f.Write(file.Data)
	if err = errors.Join(err, f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return p, err
	}
	return p, os.Rename(f.Name(), path)
}

// wheelsIn lists the wheels of a folder that pip has filled.
func wheelsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular() || !strings.HasSuffix(e.Name(), ".whl"):
			return nil, &ResolveError{fmt.Sprintf("pip downloaded %s, which is no wheel", e.Name()), "only wheels are used"}
		case info.Size() > maxWheel:
			return nil, fmt.Errorf("%s is larger than a package may be (%d bytes)", e.Name(), maxWheel)
		}
		list = append(list, e.Name())
	}
	return list, nil
}

package runtime

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"wand/compiler"
	"wand/hostfuncs/vfs"
	"wand/policies/units"
)

// ErrBadPackage says that a package cannot be used; the message says why.
var ErrBadPackage = errors.New("unusable package")

// Bounds of one package: a wheel from outside may be anything.
const (
	maxPackageBytes = 512 << 20
	maxPackageFiles = 20_000
	maxPackagePath  = 1024 // bytes of a name
	maxPackageDepth = 64   // folders of a name
	// keptPackages is how many prepared packages a Runtime remembers. One costs its size while it is remembered.
	keptPackages = 64
)

// bytecodeLimits bound the compilation of one share of a package. The source is as untrusted as any program; it is only compiled.
var bytecodeLimits = Limits{Fuel: 500_000_000_000, Memory: 1 << 30, Deadline: 10 * time.Minute, Storage: 1 << 30}

// Package is a pure-Python library that a program can import: a folder that holds modules or packages, or is one package itself (Dir),
// or a wheel or zip file (Data). It is mounted read-only; importing it never writes to the host.
type Package struct {
	Name string // for messages
	Data []byte
	Dir  fs.FS // take os.Root's FS, so that no link leads out of the folder
	// Digest, where it is given, identifies the content for whoever vouches for it, such as a store: a package that was prepared before is then not
	// read again. Default: the content itself says.
	Digest string
}

// withPackages joins two lists; one that both have counts once.
func withPackages(list, more []Package) []Package {
	list = slices.Clip(list)
	for _, p := range more {
		if !slices.ContainsFunc(list, func(q Package) bool { return q.Digest == p.Digest && p.Digest != "" }) {
			list = append(list, p)
		}
	}
	return list
}

// packageTree is a package as runs mount it.
type packageTree struct {
	turn turn
	tree *vfs.Tree
	used int64 // Runtime.used when it was last asked for
}

// packageTree returns what to mount for a package: its files with bytecode beside them. Compiling Python costs more than running most
// programs, so it happens once, in the sandbox, and the vault keeps the result.
func (rt *Runtime) packageTree(ctx context.Context, guest string, p Package) (*vfs.Tree, error) {
	var files []File
	sum := sha256.Sum256([]byte("package\x00" + p.Name + "\x00" + p.Digest))
	digest := hex.EncodeToString(sum[:])
	if p.Digest == "" {
		var err error
		if files, digest, err = packageFiles(p); err != nil {
			return nil, fmt.Errorf("%w %s: %w", ErrBadPackage, p.Name, err)
		}
	}
	rt.mu.Lock()
	slot := rt.packages[digest]
	if slot == nil {
		slot = &packageTree{turn: newTurn()}
		rt.packages[digest] = slot
	}
	rt.used++
	slot.used = rt.used
	for len(rt.packages) > keptPackages {
		oldest := digest
		for other, s := range rt.packages {
			if s.used < rt.packages[oldest].used {
				oldest = other
			}
		}
		delete(rt.packages, oldest) // runs that have it keep it
	}
	rt.mu.Unlock()
	if err := slot.turn.take(ctx); err != nil {
		return nil, fmt.Errorf("waiting for package %s: %w", p.Name, err)
	}
	defer slot.turn.give()
	if slot.tree == nil {
		tree, err := rt.preparedPackage(guest, digest)
		if err == nil && tree == nil && p.Digest != "" {
			if files, _, err = packageFiles(p); err != nil {
				err = fmt.Errorf("%w %s: %w", ErrBadPackage, p.Name, err)
			}
		}
		if err == nil && tree == nil {
			tree, err = rt.preparePackage(ctx, guest, p.Name, files, digest)
		}
		if err != nil {
			return nil, err
		}
		tree.Digest = digest
		slot.tree = tree
	}
	return slot.tree, nil
}

// A prepared package in the vault.
const (
	packageEntry    = "package"
	preparedPackage = "package.zip"
)

// packageKey names a prepared package in the vault.
func (rt *Runtime) packageKey(guest, digest string) (string, error) {
	g, err := rt.config.Guest(guest)
	if err != nil {
		return "", err
	}
	return packageEntry + "-" + digest[:32] + g.Digest[:16], nil
}

// preparedPackage is a package that the vault has kept; nil when it has not.
func (rt *Runtime) preparedPackage(guest, digest string) (*vfs.Tree, error) {
	key, err := rt.packageKey(guest, digest)
	if err != nil || rt.vault == nil {
		return nil, err
	}
	if dir, ok := rt.vault.verified(key); ok {
		if text, err := os.ReadFile(filepath.Join(dir, preparedPackage)); err == nil {
			if tree, err := zipTree(text); err == nil {
				rt.vault.touch(key)
				return tree, nil
			}
		}
	}
	return nil, nil
}

func (rt *Runtime) preparePackage(ctx context.Context, guest, name string, files []File, digest string) (*vfs.Tree, error) {
	key, err := rt.packageKey(guest, digest)
	if err != nil {
		return nil, err
	}
	compiled, err := rt.bytecode(ctx, guest, name, files)
	if err != nil {
		return nil, err
	}
	text, err := writeZip(append(files, compiled...))
	if err != nil {
		return nil, err
	}
	if rt.vault != nil {
		rt.noteCacheError(rt.keep(key, preparedPackage, text))
	}
	return zipTree(text)
}

// keep puts one file into the vault as an entry of its own.
func (rt *Runtime) keep(key, name string, text []byte) error {
	dir, err := rt.vault.create()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		return err
	}
	if err := rt.vault.publish(dir, key); err != nil {
		return err
	}
	rt.vault.prune(packageEntry, keptPackageEntries)
	return nil
}

// bytecode compiles a package's modules in forks of the guest, on all processors. Tests that come with a package are left to be
// compiled when somebody imports them.
func (rt *Runtime) bytecode(ctx context.Context, guest, name string, files []File) ([]File, error) {
	var sources []File
	total := 0
	for _, f := range files {
		parts := strings.Split(path.Dir(f.Path), "/")
		if strings.HasSuffix(f.Path, ".py") && !slices.Contains(parts, "tests") && !slices.Contains(parts, "test") {
			sources = append(sources, f)
			total += len(f.Data)
		}
	}
	if len(sources) == 0 {
		return nil, nil
	}
	if total > 1<<20 {
		rt.config.Progress(fmt.Sprintf("preparing package %s: compiling %d modules (once)", name, len(sources)))
	}
	const share = 1 << 20 // bytes of source for one fork
	var shares [][]File
	for size := 0; len(sources) > 0; sources = sources[1:] {
		if len(shares) == 0 || size+len(sources[0].Data) > share { // the first may be empty
			shares, size = append(shares, nil), 0
		}
		shares[len(shares)-1] = append(shares[len(shares)-1], sources[0])
		size += len(sources[0].Data)
	}
	results := make([][]File, len(shares))
	failures := make([]error, len(shares))
	gate := make(chan struct{}, goruntime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i := range shares {
		gate <- struct{}{}
		wait.Add(1)
		go func() {
			defer func() { <-gate; wait.Done() }()
			results[i], failures[i] = rt.bytecodeShare(ctx, guest, shares[i])
		}()
	}
	wait.Wait()
	return slices.Concat(results...), errors.Join(failures...)
}

func (rt *Runtime) bytecodeShare(ctx context.Context, guest string, sources []File) ([]File, error) {
	m := &compiler.Module{Name: "package", Language: compiler.Language(guest), Guest: guest}
	report, err := rt.execute(ctx, m, Options{Limits: bytecodeLimits.or(DefaultLimits()), Files: sources}, "bytecode")
	if err != nil {
		return nil, err
	}
	if report.Status != Completed {
		return nil, fmt.Errorf("compiling it: %s", strings.TrimSpace(report.Feedback(100)))
	}
	var compiled []File
	for _, f := range report.Files {
		if strings.HasSuffix(f.Path, ".pyc") {
			compiled = append(compiled, File{Path: strings.TrimPrefix(f.Path, workDir+"/"), Data: f.Content()})
		}
	}
	return compiled, nil
}

// packageFiles reads a package whole and returns its files with a digest of them.
func packageFiles(p Package) ([]File, string, error) {
	source := p.Dir
	if source == nil {
		z, err := zip.NewReader(bytes.NewReader(p.Data), int64(len(p.Data)))
		if err != nil {
			return nil, "", fmt.Errorf("it is neither a wheel nor a zip file: %w", err)
		}
		// Before anything lists it: what lists an archive remembers every folder of every name.
		if len(z.File) > 2*maxPackageFiles {
			return nil, "", fmt.Errorf("it has more than %d files and folders", 2*maxPackageFiles)
		}
		for _, f := range z.File {
			if len(f.Name) > maxPackagePath || strings.Count(f.Name, "/") > maxPackageDepth {
				return nil, "", fmt.Errorf("a name in it is too long or too deep: %.100q", f.Name)
			}
		}
		source = z
	}
	prefix := ""
	if _, err := fs.Stat(source, "__init__.py"); err == nil && p.Dir != nil {
		if base := path.Base(p.Name); base == "." || base == ".." || base == "/" || !fs.ValidPath(base) {
			return nil, "", errors.New("the folder is the package itself, so it needs the package's name")
		}
		prefix = path.Base(p.Name) + "/" // the folder is the package itself
	}
	sum := sha256.New()
	var files []File
	var total int64
	entries := 0
	err := fs.WalkDir(source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entries++; entries > 2*maxPackageFiles {
			return fmt.Errorf("it has more than %d files and folders", 2*maxPackageFiles)
		}
		if strings.Count(name, "/") > maxPackageDepth {
			return fmt.Errorf("a folder in it is too deep: %.100q", name)
		}
		if d.IsDir() {
			if d.Name() == "__pycache__" { // another interpreter's
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		switch path.Ext(name) {
		case ".so", ".pyd", ".dylib", ".dll":
			return fmt.Errorf("it has native code (%s), which cannot run in WebAssembly; only pure-Python packages can be added", name)
		}
		if len(files) == maxPackageFiles {
			return fmt.Errorf("it has more than %d files", maxPackageFiles)
		}
		f, err := source.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		content, err := io.ReadAll(io.LimitReader(f, maxPackageBytes-total+1))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if total += int64(len(content)); total > maxPackageBytes {
			return fmt.Errorf("it has more than %s", units.Bytes(maxPackageBytes))
		}
		name = prefix + name
		files = append(files, File{Path: name, Data: content})
		fmt.Fprintf(sum, "%d %s %d ", len(name), name, len(content))
		sum.Write(content)
		return nil
	})
	return files, hex.EncodeToString(sum.Sum(nil)), err
}

// zipPackage is a package as a recording holds it.
func zipPackage(p Package) (Package, error) {
	files, _, err := packageFiles(p)
	if err != nil {
		return p, fmt.Errorf("%w %s: %w", ErrBadPackage, p.Name, err)
	}
	data, err := writeZip(files)
	return Package{Name: p.Name, Data: data}, err
}

func writeZip(files []File) ([]byte, error) {
	var b bytes.Buffer
	size := 64
	for _, f := range files {
		size += len(f.Data) + 2*len(f.Path) + 128
	}
	b.Grow(size)
	w := zip.NewWriter(&b)
	for _, f := range files {
		part, err := w.CreateHeader(&zip.FileHeader{Name: f.Path, Method: zip.Store})
		if err == nil {
			_, err = part.Write(f.Data)
		}
		if err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func zipTree(text []byte) (*vfs.Tree, error) {
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, err
	}
	return vfs.NewTree(z), nil
}

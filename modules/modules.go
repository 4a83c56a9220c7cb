// Package modules finds guests: interpreters compiled to WebAssembly, built by build.sh into the user's cache, or embedded in
// the command by the build tag embed_guests. It imports nothing of ours; runtime calls it. ABI.md says what a guest is.
package modules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ABI is the version of the guest ABI that this package's callers speak.
const ABI = 1

// ErrNoGuest says that a guest has not been built on this machine. The message names the command that builds it.
var ErrNoGuest = errors.New("guest not built")

// ErrBadGuest says that a guest's files do not agree with its manifest, or that its ABI is another version's.
var ErrBadGuest = errors.New("guest unusable")

// Manifest describes a built guest; it is the manifest.json beside the guest's files.
type Manifest struct {
	Schema     string      `json:"schema"` // wand.guest/v1
	Name       string      `json:"name"`
	ABI        int         `json:"abi"`
	Version    string      `json:"version"` // the interpreter's
	Languages  []string    `json:"languages"`
	Files      []FileInfo  `json:"files"`
	Components []Component `json:"components"`
	Recipe     string      `json:"recipe"` // digest of the recipe that built it
}

// FileInfo is one file of a guest.
type FileInfo struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Component is one piece of software in a guest.
type Component struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Licence      string `json:"licence"`
	LicenceFile  string `json:"licence_file"`
	SourceSHA256 string `json:"source_sha256"`
}

// Guest is a guest that was found. Its files are read when they are asked for, and then agree with the manifest. It is safe for concurrent use.
type Guest struct {
	Manifest Manifest
	// Origin says where it came from: "embedded" or a folder.
	Origin string
	// Digest is the SHA-256 over the digests of all files, in hex: it changes whenever anything in the guest does.
	Digest string
	fsys   fs.FS
	// verify: hash a file when it is read. The linker vouches for what is embedded; hashing that at every start would only cost time.
	verify bool
}

// Wasm reads the guest's module. The error wraps ErrBadGuest.
func (g *Guest) Wasm() ([]byte, error) { return g.File(g.Manifest.Name + ".wasm") }

// File reads a file of the guest and checks it against the manifest. The error wraps ErrBadGuest.
func (g *Guest) File(name string) ([]byte, error) {
	i := slices.IndexFunc(g.Manifest.Files, func(f FileInfo) bool { return f.Name == name })
	if i < 0 {
		return nil, g.bad("it has no %s", name)
	}
	content, err := fs.ReadFile(g.fsys, name)
	if err != nil {
		return nil, g.bad("%v", err)
	}
	if f := g.Manifest.Files[i]; int64(len(content)) != f.Size {
		return nil, g.bad("%s has %d bytes, its manifest says %d", name, len(content), f.Size)
	} else if g.verify {
		if digest := sha256.Sum256(content); hex.EncodeToString(digest[:]) != f.SHA256 {
			return nil, g.bad("%s is not what its manifest says", name)
		}
	}
	return content, nil
}

// Check reads and checks every file.
func (g *Guest) Check() error {
	for _, f := range g.Manifest.Files {
		if _, err := g.File(f.Name); err != nil {
			return err
		}
	}
	return nil
}

func (g *Guest) bad(format string, args ...any) error {
	return fmt.Errorf("%w: the %s guest in %s: %s; rebuild it with: %s", ErrBadGuest, g.Manifest.Name, g.Origin, fmt.Sprintf(format, args...), command(g.Manifest.Name))
}

// CacheDir is the folder that holds everything that wand builds for this user: WAND_CACHE, or wand in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("WAND_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set WAND_CACHE to a folder", err)
	}
	return filepath.Join(base, "wand"), nil
}

// Names lists the guests that Find can find, sorted.
func Names() []string {
	var names []string
	collect := func(fsys fs.FS) {
		entries, _ := fs.ReadDir(fsys, ".")
		for _, e := range entries {
			if _, err := fs.Stat(fsys, e.Name()+"/manifest.json"); err == nil {
				names = append(names, e.Name())
			}
		}
	}
	if e := embedded(); e != nil {
		collect(e)
	}
	if dir, err := CacheDir(); err == nil {
		collect(os.DirFS(filepath.Join(dir, "guests")))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// command is what builds a guest.
func command(name string) string {
	if name == "science" {
		return "make guests SCIENCE=1"
	}
	return "make guests"
}

// validName says whether a name can be one folder's, which is what guests' names become.
func validName(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, `/\:`)
}

// Find opens a guest by name: the embedded one first, then the one in the user's cache. The error wraps ErrNoGuest or ErrBadGuest.
func Find(name string) (*Guest, error) {
	if !validName(name) {
		return nil, fmt.Errorf("%w: %q is no name of a guest", ErrNoGuest, name)
	}
	if e := embedded(); e != nil {
		if sub, err := fs.Sub(e, name); err == nil {
			if _, err := fs.Stat(sub, "manifest.json"); err == nil {
				return open(sub, name, "embedded", false)
			}
		}
	}
	dir, err := CacheDir()
	if err != nil {
		return nil, err
	}
	return Open(filepath.Join(dir, "guests", name))
}

// Open opens the guest in a folder. The error wraps ErrNoGuest or ErrBadGuest.
func Open(dir string) (*Guest, error) {
	return open(os.DirFS(dir), filepath.Base(dir), dir, true)
}

func open(fsys fs.FS, name, origin string, verify bool) (*Guest, error) {
	g := &Guest{Origin: origin, fsys: fsys, verify: verify, Manifest: Manifest{Name: name}}
	text, err := fs.ReadFile(fsys, "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the %s guest is not in %s; build it with: %s", ErrNoGuest, name, origin, command(name))
	}
	if err != nil {
		return nil, g.bad("%v", err)
	}
	if err := json.Unmarshal(text, &g.Manifest); err != nil {
		return nil, g.bad("manifest.json: %v", err)
	}
	if g.Manifest.ABI != ABI {
		return nil, g.bad("it speaks ABI %d, this program %d", g.Manifest.ABI, ABI)
	}
	if !validName(g.Manifest.Name) {
		return nil, g.bad("manifest.json names the guest %q", g.Manifest.Name)
	}
	sum := sha256.New()
	for _, f := range g.Manifest.Files {
		if !fs.ValidPath(f.Name) {
			return nil, g.bad("manifest.json names a file %q", f.Name)
		}
		fmt.Fprintf(sum, "%s %s\n", f.SHA256, f.Name)
	}
	g.Digest = hex.EncodeToString(sum.Sum(nil))
	return g, nil
}

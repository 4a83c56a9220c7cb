package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"wand/compiler/wasm"
	"wand/runtime/engine"
)

// What a prepared guest keeps of its module is everything but the code: types, imports, exports, tables. Its native code is in the
// vault, so an engine that got the whole module at every start would decode, hash and validate megabytes only to throw them away,
// which was more than half of what the command's start took. Every body is a trap instead: if the native code were ever missing, and
// the engine compiled what is left, the guest could do nothing.

// shellOf is a metered module without its code. Where the engine has put no native code into the folder (it interprets), the module stays whole.
func shellOf(metered []byte, native string) ([]byte, error) {
	if interprets(native) {
		return metered, nil
	}
	m, err := wasm.Decode(metered, wasm.Limits{})
	if err != nil {
		return nil, err
	}
	for i := range m.Codes {
		m.Codes[i] = wasm.Code{Body: []byte{byte(wasm.OpUnreachable), byte(wasm.OpEnd)}}
	}
	m.Customs = nil
	return m.Encode(), nil
}

func interprets(native string) bool {
	files, err := filesBelow(native)
	return err == nil && len(files) == 0
}

// rehouse puts the native code of a module, which the engine has compiled into a folder, in the place where the engine will look for that of the module
// without code.
func rehouse(ctx context.Context, e engine.Engine, shell []byte, native string) error {
	whole, err := onlyFile(native)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(native), "slim-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	code, err := e.Compile(ctx, shell, hostFuncs(), scratch)
	if err != nil {
		return err
	}
	if err := code.Close(ctx); err != nil {
		return err
	}
	place, err := onlyFile(scratch)
	if err != nil {
		return err
	}
	place, err = filepath.Rel(scratch, place)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(native, place)), 0o700); err != nil {
		return err
	}
	return os.Rename(whole, filepath.Join(native, place))
}

var errCompiledAgain = errors.New("the engine did not use the native code that was kept")

// usedAsIs calls compile and checks that the native code in a folder is the same file afterwards: an engine that finds nothing it can
// use compiles and writes.
func usedAsIs(native string, compile func() error) error {
	if interprets(native) {
		return compile() // an interpreter's: the vault vouches that nothing is missing
	}
	before, err := fileInfo(native)
	if err != nil {
		return err
	}
	if err := compile(); err != nil {
		return err
	}
	after, err := fileInfo(native)
	if err != nil {
		return errors.Join(errCompiledAgain, err)
	}
	if !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) || before.Size() != after.Size() {
		return errCompiledAgain
	}
	return nil
}

func fileInfo(dir string) (os.FileInfo, error) {
	name, err := onlyFile(dir)
	if err != nil {
		return nil, err
	}
	return os.Stat(name)
}

// onlyFile is the path of the one file below a folder.
func onlyFile(dir string) (string, error) {
	names, err := filesBelow(dir)
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", fmt.Errorf("native code in %d files", len(names))
	}
	return filepath.Join(dir, filepath.FromSlash(names[0])), nil
}

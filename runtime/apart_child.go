package runtime

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"
	"time"

	"wand/runtime/engine"
	"wand/runtime/engine/wazero"
)

// The process that compiles a module is this executable again, whoever's it is: a program that embeds the package, a test, the command. So it must not get to
// that program's main, and this is the one init of the project that does something. It goes to work only when the environment and the arguments both have
// the form that only compileApart gives them: a variable that was inherited by mistake is not enough. Packages that are initialised earlier run first;
// nothing here depends on what they do, and standard output, which they might write to, is not used.

const (
	apartArg        = "wand-compiles-a-module" // as the name of the command
	apartEnv        = "WAND_COMPILES_A_MODULE"
	apartMemoryExit = 71 // the process saw that it has too much memory
)

func init() {
	if len(os.Args) == 2 && os.Args[0] == apartArg && os.Args[1] != "" && os.Getenv(apartEnv) == os.Args[1] {
		os.Exit(compileAsChild(os.Stdin, os.Stderr))
	}
}

// apartRequest is the first line of what the process is told; the module follows.
type apartRequest struct {
	Engine string
	Dir    string
	Bytes  int
	Procs  int // GOMAXPROCS: what says so is out of its sight
	Limits CompileLimits
}

// apartResult is how it went: the module's fault, ours, or well.
type apartResult struct {
	Unsupported, Failed string
	Peak                int64 // of resident memory, in bytes
}

// compileAsChild does the whole work of the process and returns its exit code.
func compileAsChild(in io.Reader, stderr io.Writer) int {
	os.Unsetenv(apartEnv)
	r := bufio.NewReader(in)
	line, err := r.ReadBytes('\n')
	var q apartRequest
	if err == nil {
		err = json.Unmarshal(line, &q)
	}
	if err == nil {
		err = limitSelf(q.Limits, q.Engine == "wazero" && !raceDetectorOn)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(q.Dir, apartStarted), nil, 0o600)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	goruntime.GOMAXPROCS(q.Procs)
	watchSelf(q.Limits)
	bin := make([]byte, q.Bytes)
	if _, err := io.ReadFull(r, bin); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	go func() {
		_, _ = r.ReadByte() // nobody says more, so this is the end of who waits
		os.Exit(1)
	}()
	var result apartResult
	if err := compileInto(q.Engine, bin, q.Dir); errors.Is(err, ErrUnsupported) {
		result.Unsupported = strings.TrimPrefix(err.Error(), ErrUnsupported.Error()+": ")
	} else if err != nil {
		result.Failed = err.Error()
	}
	result.Peak = max(peakResident(), managed())
	text, err := json.Marshal(result)
	if err == nil {
		err = os.WriteFile(filepath.Join(q.Dir, apartOutcome), text, 0o600)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// watchSelf is the portable half of the memory limit, for what Go manages: the garbage collector works harder near the limit, and beyond it the process ends.
// Where the parent can see how much is resident, it watches as well.
func watchSelf(limits CompileLimits) {
	debug.SetMemoryLimit(limits.Memory / 4 * 3)
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			if managed() > limits.Memory {
				os.Exit(apartMemoryExit)
			}
		}
	}()
}

// managed is how much memory Go has of the system, in bytes.
func managed() int64 {
	used := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(used)
	return int64(used[0].Value.Uint64() - used[1].Value.Uint64())
}

// compileEngine makes the engine of a name, when it leaves native code in a folder.
func compileEngine(name string) (engine.Engine, error) {
	switch name {
	case "wazero":
		return wazero.New(), nil
	case "wasmtime":
		return newWasmtime()
	}
	return nil, errNoEngine
}

var errNoEngine = errors.New("this program does not have the engine")

// canCompileApart says whether an engine's work can be done by another process.
func canCompileApart(engine string) bool {
	return engine == "wazero" || engine == "wasmtime" && withWasmtime
}

// compileInto checks, meters and compiles a module, and writes what loadModule needs.
func compileInto(engineName string, bin []byte, dir string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: the engine's compiler did not survive it", ErrUnsupported)
		}
	}()
	e, err := compileEngine(engineName)
	if err != nil {
		return fmt.Errorf("%s: %w", engineName, err)
	}
	decoded, metered, err := rewrite(bin, false)
	if err != nil {
		return err
	}
	if err := checkEffort(decoded); err != nil {
		return err
	}
	ctx, native, text := context.Background(), filepath.Join(dir, preparedNative), metered.Base()
	code, err := e.Compile(ctx, text, hostFuncs(), native)
	if err != nil {
		return blame(err)
	}
	if err := code.Close(ctx); err != nil {
		return err
	}
	stub := text
	if !interprets(native) {
		stub = metered.Shell()
		if err := rehouse(ctx, e, stub, native); err != nil {
			return err
		}
	}
	info := moduleInfo{Info: metered.Info}
	if err := metered.Info.SnapshotError; err != nil {
		info.SnapshotError = err.Error()
	}
	info.Info.SnapshotError = nil
	about, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, preparedWasm), stub, 0o600), os.WriteFile(filepath.Join(dir, apartInfo), about, 0o600))
}

// blame tells what a module did to the compiler from what the machine did: only the second is a failure of the sandbox.
func blame(err error) error {
	if errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", ErrUnsupported, errApartOutput)
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return err
	}
	return fmt.Errorf("%w: the engine does not compile it: %s", ErrUnsupported, foreignName(strings.Join(strings.Fields(err.Error()), " "), 300))
}

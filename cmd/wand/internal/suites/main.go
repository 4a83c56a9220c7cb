// Command suites runs numpy's and pandas' own tests inside the sandbox and keeps the table of what passed: modules/science/SUITES.md.
// `make science-suites` calls it.
//
//	go run ./cmd/wand/internal/suites [-only PREFIX,...] [-jobs N] [-write] [-results DIR]
//
// The tests come from the source archives that the science guest was built of (modules/science/sources.txt, checked against their hashes), pytest and what
// else they need from pinned wheels (packages.lock). The test packages are mounted to be read, nothing else is granted. Each file runs in a fork of its own,
// metered, within generous limits. A fork that ends by a trap or a limit is an outcome of the test that was running; the rest of the file goes on in the next one.
//
// The result of each file is kept as a JSON file in the cache until the guest changes, so that a second run goes on where the first one stopped. The exit code
// is 0 when every file passes at least as many tests as the table says, 1 when one does not, 2 when it could not start, 130 when it was interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"wand/modules"
	"wand/runtime"
	"wand/runtime/packagestore"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are what the command line says.
type options struct {
	only    []string // prefixes of files; none: all
	jobs    int
	results string // folder
	cache   string // folder
	science string // modules/science
	write   bool
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "suites: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed, err := o.run(ctx, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "suites: interrupted; the same command goes on from here")
		return 130
	case err != nil:
		fmt.Fprintf(stderr, "suites: %v\n", err)
		return 2
	case failed:
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("suites", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "run only the files whose names begin with one of these, separated by commas: numpy/_core/tests/test_ufunc.py,pandas/tests/frame")
	flags.IntVar(&o.jobs, "jobs", goruntime.GOMAXPROCS(0), "how many files run at the same time")
	flags.StringVar(&o.results, "results", "", "folder of the results (default: in the cache, one for each build of the guest)")
	flags.StringVar(&o.science, "science", "modules/science", "folder with sources.txt and the table")
	flags.BoolVar(&o.write, "write", false, "write the table, rather than compare with it")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 || o.jobs < 1 {
		return nil, fmt.Errorf("there are only flags, and -jobs is at least 1")
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	cache, err := modules.CacheDir()
	o.cache = cache
	return o, err
}

// run runs what has no result yet. It says whether a file passes less than the table says, or something could not be explained.
func (o *options) run(ctx context.Context, stdout, stderr io.Writer) (failed bool, err error) {
	guest, err := modules.Find(runtime.ScienceGuest)
	if err != nil {
		return false, fmt.Errorf("%w; build it with: make guests SCIENCE=1", err)
	}
	work := filepath.Join(o.cache, "suites")
	if o.results == "" {
		o.results = filepath.Join(work, "results-"+guest.Digest[:12])
	}
	if err := os.MkdirAll(o.results, 0o755); err != nil {
		return false, err
	}
	suites, err := openSuites(o.science, filepath.Join(o.cache, "sources"), work)
	if err != nil {
		return false, err
	}
	pending, err := o.pending(suites)
	if err != nil {
		return false, err
	}
	say := sayer(stderr)
	if len(pending) > 0 {
		say("%d files to run, %d at a time; results are kept in %s", len(pending), o.jobs, o.results)
		if err := o.runAll(ctx, guest.Digest, suites, pending, work, say); err != nil {
			return false, err
		}
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return o.judge(suites, stdout, say)
}

// sayer writes progress, one line at a time.
func sayer(stderr io.Writer) func(format string, args ...any) {
	var mu sync.Mutex
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(stderr, "suites: "+format+"\n", args...)
	}
}

// chosen says whether -only names the file.
func (o *options) chosen(file string) bool {
	return len(o.only) == 0 || slices.ContainsFunc(o.only, func(prefix string) bool { return strings.HasPrefix(file, prefix) })
}

// pending lists the chosen files that have no result, in the order of -only.
func (o *options) pending(suites []*suite) (files []string, err error) {
	only := o.only
	if len(only) == 0 {
		only = []string{""}
	}
	for _, prefix := range only {
		known := false
		for _, s := range suites {
			for _, file := range s.files {
				if !strings.HasPrefix(file, prefix) {
					continue
				}
				known = true
				if _, err := os.Stat(resultPath(o.results, file)); err != nil && !slices.Contains(files, file) {
					files = append(files, file)
				}
			}
		}
		if !known {
			return nil, fmt.Errorf("-only %s: no test file has a name that begins so; names are like numpy/_core/tests/test_ufunc.py", prefix)
		}
	}
	return files, nil
}

// runAll runs files and keeps their results. Its error is one of the sandbox itself.
func (o *options) runAll(ctx context.Context, guest string, suites []*suite, files []string, work string, say func(string, ...any)) error {
	store, err := openPackages(ctx, work, say)
	if err != nil {
		return err
	}
	rt, err := runtime.New(ctx, runtime.Config{Packages: store, Progress: func(m string) { say("%s", m) }})
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	runners := map[string]*runner{}
	for _, s := range suites {
		if !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, s.name+"/") }) {
			continue
		}
		r, err := newRunner(ctx, rt, guest, s)
		if err != nil {
			return err
		}
		defer r.close()
		runners[s.name] = r
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue, done, wait := make(chan string), 0, sync.WaitGroup{}
	var mu sync.Mutex
	for range min(o.jobs, len(files)) {
		wait.Go(func() {
			for file := range queue {
				name, _, _ := strings.Cut(file, "/")
				r, err := runners[name].file(ctx, file)
				if err == nil {
					err = r.write(o.results)
				}
				if err != nil {
					cancel(fmt.Errorf("%s: %w", file, err))
					return
				}
				mu.Lock()
				done++
				say("%d/%d %s", done, len(files), r.line())
				mu.Unlock()
			}
		})
	}
feed:
	for _, file := range files {
		select {
		case queue <- file:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	wait.Wait()
	return context.Cause(ctx)
}

// openPackages opens the store that has exactly what packages.lock says.
func openPackages(ctx context.Context, work string, say func(string, ...any)) (*packagestore.Store, error) {
	lock, err := packagestore.ParseLock(lockText)
	if err != nil {
		return nil, err
	}
	store, err := packagestore.Open(filepath.Join(work, "packages"))
	if err != nil {
		return nil, err
	}
	_, err = store.Restore(ctx, lock, packagestore.AddOptions{Timeout: 10 * time.Minute, Progress: func(m string) { say("%s", m) }})
	return store, err
}

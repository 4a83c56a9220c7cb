package toolchain

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"wand/compiler"
	"wand/compiler/toolchain/jail"
)

// nodePackages finds Node.js and the packages that make toolchains has put into the cache: the newest folder in which all of them are.
func nodePackages(ctx context.Context, o *Options, language compiler.Language) (node, home string, err error) {
	missing := &compiler.MissingToolchainError{Language: language, Want: []string{"node on PATH"}, Install: "install Node.js 20 or newer, then run: make toolchains"}
	if node, err = o.LookPath("node"); err != nil {
		return "", "", missing
	}
	// A version manager's node is a script that looks for the real one.
	real, err := ask(ctx, node, append(nodeFlags(), "-p", "process.execPath")...)
	if err != nil {
		missing.Want = []string{"a node that answers; " + node + " says: " + err.Error()}
		return "", "", missing
	}
	node = strings.TrimSpace(real)
	missing.Want, missing.Install = []string{"its compiler in wand's cache"}, "run: make toolchains"
	if o.Cache == "" {
		return "", "", missing
	}
	var newest int64
	complete, _ := filepath.Glob(filepath.Join(o.Cache, "toolchain", "npm-*", "complete"))
	for _, mark := range complete {
		if info, err := os.Stat(mark); err == nil && info.ModTime().UnixNano() > newest {
			home, newest = filepath.Dir(mark), info.ModTime().UnixNano()
		}
	}
	if home == "" {
		return "", "", missing
	}
	return node, filepath.Join(home, "node_modules"), nil
}

// packageVersion is the version of an installed package.
func packageVersion(modules, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(modules, name, "package.json"))
	if err != nil {
		return "", err
	}
	var about struct{ Version string }
	if err := json.Unmarshal(text, &about); err != nil {
		return "", err
	}
	if about.Version == "" {
		return "", errors.New("package " + name + " has no version")
	}
	return about.Version, nil
}

// nodeLimits: V8 reserves address space in regions of many gigabytes, of which it uses little. What counts is what is resident.
func nodeLimits() jail.Limits { return jail.Limits{AddressSpace: 1 << 42} }

// nodeFlags: the heap ends below the memory limit, so that a program which needs too much is told so by the compiler; and the compilers, which are WebAssembly
// themselves, are compiled once and quickly, which halves the processor time of a small program.
func nodeFlags() []string { return []string{"--max-old-space-size=1536", "--liftoff-only"} }

// nodeArgv runs a script of a package.
func nodeArgv(node, script string) []string {
	return append(append([]string{node}, nodeFlags()...), script)
}

// nodeEnv keeps Node.js from the configuration of OpenSSL, which it may not read and would not start without.
func nodeEnv() []string {
	return []string{"OPENSSL_CONF=" + os.DevNull, "NODE_OPTIONS=", "NODE_NO_WARNINGS=1"}
}

// nodeError is the last word of a program for Node.js that failed itself.
var nodeError = regexp.MustCompile(`(?m)^(?:▌ +)?(?:Uncaught )?((?:[A-Z]\w*Error|RuntimeError|Aborted)\b.*)$`)

// gaveUp is a finding about a compiler that could not deal with a program, when it has said nothing else.
func gaveUp(p program, output string) []compiler.Diagnostic {
	m := nodeError.FindStringSubmatch(output)
	if m == nil {
		return nil
	}
	return []compiler.Diagnostic{{Severity: compiler.SeverityError, Type: "Unsupported", File: p.name, Message: "the compiler gave up on the program: " + clipped(m[1]),
		Hint: "simplify what is unusual about the program: very deep nesting, very large types or constants"}}
}

// colour is what sets colours on a terminal.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// atoi reads a number that a pattern has matched.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// clipped bounds a message that may quote as much of a program as it likes.
func clipped(message string) string {
	const most = 600
	if len(message) <= most {
		return message
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(message[cut]) {
		cut--
	}
	return message[:cut] + "…"
}

package toolchain_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/compiler/toolchain"
	"wand/compiler/toolchain/jail"
	"wand/modules"
)

// The corpus of hostile sources: testdata/adversarial, a folder for each compiled language. Each file says in comments at its top what it attacks and how its
// compilation must end:
//
//	attack: one line
//	expect: error, stopped (by a limit of the jail) or module; more of them after " | " where the compilers leave it open
//	says: words of which the diagnostics must have one, more of them after " | "
//	expand: NAME COUNT "text": @@NAME@@ stands for COUNT times the text, in which {i} is 0, 1, 2, ...
//
// @CANARY@ stands for a file of this user's with a secret in it. Files that end in .txt are no source of the language before they are expanded.

// hostileLimits are small, so that every bomb meets one soon.
var hostileLimits = jail.Limits{Time: 15 * time.Second, Memory: 1 << 30, AddressSpace: 6 << 30, Disk: 256 << 20, Output: 16 << 20}

// hostileGrace is how much longer than the limit of time a compilation may last, with all of its steps.
const hostileGrace = 20 * time.Second

// canary is a secret, in a file beside the folders in which programs are compiled, in the environment, and in the working directory of this process.
const canary = "canary-7f3a9c-of-the-host"

func TestAdversarialSources(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret.txt")
	t.Setenv("WAND_TEST_CANARY", canary)
	t.Setenv("TMPDIR", outside) // so that ../secret.txt is the secret
	if err := os.WriteFile(secret, []byte(canary+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	passwd, _ := os.ReadFile("/etc/passwd")
	account, _, _ := bytes.Cut(passwd, []byte("\n"))
	for folder, language := range map[string]compiler.Language{"go": compiler.Go, "c": compiler.C, "c++": compiler.Cpp, "rust": compiler.Rust, "assemblyscript": compiler.AssemblyScript, "wat-text": compiler.WAT} {
		t.Run(folder, func(t *testing.T) {
			newSet(t, language) // skips where there is no compiler
			cache, err := modules.CacheDir()
			if err != nil {
				t.Skip(err)
			}
			set := toolchain.New(toolchain.Options{Cache: cache, NoCache: true, Limits: hostileLimits})
			paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "adversarial", folder, "*"))
			if err != nil || len(paths) < 12 {
				t.Fatalf("%d files, %v", len(paths), err)
			}
			for _, path := range paths {
				t.Run(filepath.Base(path), func(t *testing.T) {
					a := readHostile(t, path, secret)
					began := time.Now()
					built, err := set.Build(t.Context(), language, "main"+filepath.Ext(strings.TrimSuffix(path, ".txt")), a.text)
					took := time.Since(began)
					if err != nil {
						t.Fatalf("%s: %v", a.about, err)
					}
					end := endOf(built)
					t.Logf("%s after %v: %s", end, took.Round(time.Millisecond), firstMessage(built))
					if !slices.Contains(a.expect, end) {
						t.Errorf("%s: ended with %s instead of %v: %s", a.about, end, a.expect, firstMessage(built))
					}
					if took > hostileLimits.Time+hostileGrace {
						t.Errorf("%s: took %v", a.about, took)
					}
					said := fmt.Sprintf("%+v", built.Diagnostics)
					if len(a.says) > 0 && !slices.ContainsFunc(a.says, func(words string) bool { return strings.Contains(said, words) }) {
						t.Errorf("%s: none of %q in %s", a.about, a.says, firstMessage(built))
					}
					checkSecrets(t, built, said, account)
					checkFindings(t, built, a.text)
				})
			}
		})
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if _, err := os.Stat("/tmp/wand-generated"); err == nil {
		t.Error("go:generate was run")
	}
}

// checkSecrets fails when anything of this machine's is in what came of a compilation.
func checkSecrets(t *testing.T, built compiler.Build, said string, account []byte) {
	t.Helper()
	for name, secret := range map[string][]byte{"the canary": []byte(canary), "/etc/passwd": account} {
		if len(secret) > 8 && (bytes.Contains(built.Wasm, secret) || strings.Contains(said, string(secret))) {
			t.Errorf("%s was read", name)
		}
	}
	if bytes.Contains(built.Wasm, []byte("wand-build-")) || strings.Contains(said, "wand-build-") {
		t.Error("the private folder's name is there")
	}
}

// checkFindings fails for findings that are not about the program's own text, or too long for a person to read.
func checkFindings(t *testing.T, built compiler.Build, source string) {
	t.Helper()
	lines := strings.Count(source, "\n") + 1
	for _, d := range built.Diagnostics {
		if d.Line < 0 || d.Line > lines || !strings.HasPrefix(d.File, "main.") || d.Message == "" {
			t.Errorf("a finding about nothing: %.300q, line %d of %d", d.Message, d.Line, lines)
		}
		if d.Line > 0 && d.LineText != compiler.LineText(source, d.Line) {
			t.Errorf("line %d is %.100q", d.Line, d.LineText)
		}
		if len(d.Message) > 5000 || len(d.Hint) > 5000 {
			t.Errorf("a message of %d bytes, a hint of %d", len(d.Message), len(d.Hint))
		}
	}
}

func endOf(built compiler.Build) string {
	if len(built.Wasm) > 0 {
		return "module"
	}
	for _, d := range built.Diagnostics {
		if d.Severity == compiler.SeverityError && d.Type == "Unsupported" && (strings.Contains(d.Message, " was stopped: ") || strings.Contains(d.Message, " died of ")) {
			return "stopped"
		}
	}
	if len(built.Diagnostics) > 0 {
		return "error"
	}
	return "nothing"
}

func firstMessage(built compiler.Build) string {
	for _, d := range built.Diagnostics {
		if d.Severity == compiler.SeverityError {
			return fmt.Sprintf("%.200s (%d:%d)", d.Message, d.Line, d.Column)
		}
	}
	return fmt.Sprintf("%d bytes, %d warnings", len(built.Wasm), len(built.Diagnostics))
}

type hostile struct {
	about, text  string
	expect, says []string
}

func readHostile(t *testing.T, path, secret string) hostile {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := hostile{text: strings.ReplaceAll(string(content), "@CANARY@", filepath.ToSlash(secret))}
	for line := range strings.Lines(string(content)) {
		text, ok := strings.CutPrefix(strings.TrimPrefix(line, ";"), "; ") // of WebAssembly text
		if !ok {
			text, ok = strings.CutPrefix(line, "// ")
		}
		if !ok {
			break
		}
		key, value, _ := strings.Cut(strings.TrimSpace(text), ": ")
		switch key {
		case "attack":
			a.about = value
		case "expect":
			a.expect = strings.Split(value, " | ")
		case "says":
			a.says = strings.Split(value, " | ")
		case "expand":
			fields := strings.SplitN(value, " ", 3)
			count, _ := strconv.Atoi(fields[1])
			piece, err := strconv.Unquote(fields[2])
			if err != nil {
				t.Fatalf("%s: %v", value, err)
			}
			var b strings.Builder
			for i := range count {
				b.WriteString(strings.ReplaceAll(piece, "{i}", strconv.Itoa(i)))
			}
			a.text = strings.ReplaceAll(a.text, "@@"+fields[0]+"@@", b.String())
		default:
			t.Fatalf("unknown comment %q", key)
		}
	}
	if a.about == "" || len(a.expect) == 0 {
		t.Fatal("it does not say what it attacks and how it must end")
	}
	return a
}

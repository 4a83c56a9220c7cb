package policies

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrors reads every file of testdata/errors as the command would and compares the message with FILE.golden. -update writes them.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		var err error
		switch {
		case strings.HasSuffix(file, ".golden"):
			continue
		case filepath.Ext(file) == ".cedar" || strings.Contains(file, "overlay"):
			var o *Overlay
			if o, err = LoadOverlay(file); err == nil {
				_, err = Compile(&Policy{Version: 1}, o)
			}
		default:
			var p *Policy
			if p, err = Load(file); err == nil {
				_, err = Compile(p)
			}
		}
		seen++
		t.Run(filepath.Base(file), func(t *testing.T) {
			var typed *Error
			if !errors.As(err, &typed) || len(typed.Findings) == 0 {
				t.Fatalf("%s: %v (%T); want an *Error", file, err, err)
			}
			got := filepath.ToSlash(err.Error()) + "\n"
			golden := file + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	if seen < 20 {
		t.Errorf("only %d files", seen)
	}
}

package sdk_test

import (
	"os"
	"strings"
	"testing"

	"wand/modules/sdk"
)

// What lies beside a program is what is in the folders, and each language has some.
func TestFiles(t *testing.T) {
	for language, want := range map[string]string{"c": "wand.h", "c++": "wand.h", "go": "wand/wand.go", "rust": "wand.rs", "assemblyscript": "wand.ts"} {
		files := sdk.Files(language)
		if len(files[want]) < 1000 {
			t.Errorf("%s: no %s among %d files", language, want, len(files))
		}
		for name, text := range files {
			if !strings.HasSuffix(text, "\n") || strings.Contains(name, "..") || strings.HasPrefix(name, "/") {
				t.Errorf("%s: %s", language, name)
			}
		}
	}
	if sdk.Files("wat") != nil || sdk.Files("python") != nil {
		t.Error("files for a language that has none")
	}
	header, err := os.ReadFile("c/wand.h")
	if err != nil || string(header) != sdk.Files("c")["wand.h"] {
		t.Errorf("wand.h is another: %v", err)
	}
}

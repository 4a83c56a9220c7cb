package packagestore

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

var update = flag.Bool("update", false, "write the schema instead of comparing with it")

const schemaFile = "lock.schema.json"

// The published schema of lock files is what the types say, and takes what Text writes.
func TestLockSchema(t *testing.T) {
	s, err := jsonschema.For[Lock](nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Schema, s.ID, s.Title = "https://json-schema.org/draft/2020-12/schema", "https://wand.invalid/lock.schema.json", "wand lock file of packages"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(published, text) {
		t.Errorf("%s is not what the types say (%v); run: go test ./runtime/packagestore -run LockSchema -update", schemaFile, err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := newLock()
	l.Packages = []Locked{{Name: "a", Version: "1", Wheel: "a-1-py3-none-any.whl", SHA256: strings.Repeat("0", 64), Requested: "a", Requires: []string{"b"}, Modules: []string{"a"}, LeftOut: []string{"a.so"}}}
	var value any
	if err := json.Unmarshal(l.Text(), &value); err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(value); err != nil {
		t.Errorf("a lock file: %v", err)
	}
}

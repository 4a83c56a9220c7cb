package runtime

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"wand/hostfuncs"
)

func capture(t *testing.T, limit int64, keep int, write func(*output)) (o *output, stop *hostfuncs.Stop) {
	t.Helper()
	var held int64
	o = newOutput(limit, keep, t.TempDir(), nil, nil, func(d int64) { held += d })
	defer func() {
		if v := recover(); v != nil {
			stop = v.(*hostfuncs.Stop)
		}
		o.stdout.close()
		if held > int64(2*keep) {
			t.Errorf("held %d bytes, at most %d were to be kept", held, 2*keep)
		}
	}()
	write(o)
	return o, nil
}

func TestOutputKeepsHeadAndTailAndSpillsAll(t *testing.T) {
	var want bytes.Buffer
	o, stop := capture(t, 1<<20, 64, func(o *output) {
		for i := range 500 {
			line := strings.Repeat(string(rune('a'+i%26)), 1+i%40) + "\n"
			want.WriteString(line)
			o.stdout.Write([]byte(line))
		}
	})
	if stop != nil {
		t.Fatal(stop)
	}
	text, missing := o.stdout.text()
	if missing != int64(want.Len()-64) {
		t.Errorf("missing %d of %d", missing, want.Len())
	}
	if !strings.HasPrefix(text, want.String()[:32]) || !strings.HasSuffix(text, want.String()[want.Len()-32:]) {
		t.Errorf("head or tail wrong: %q", text)
	}
	spilled, err := os.ReadFile(o.stdout.path)
	if err != nil || !bytes.Equal(spilled, want.Bytes()) {
		t.Errorf("the spill file has %d bytes of %d, %v", len(spilled), want.Len(), err)
	}
}

func TestOutputBelowKeepIsWhole(t *testing.T) {
	o, _ := capture(t, 100, 64, func(o *output) { o.stdout.Write([]byte("héllo\n")); o.stderr.Write([]byte{0xff, 'x'}) })
	if text, missing := o.stdout.text(); text != "héllo\n" || missing != 0 || o.stdout.path != "" {
		t.Errorf("%q %d %q", text, missing, o.stdout.path)
	}
	if text, _ := o.stderr.text(); text != "\ufffdx" {
		t.Errorf("%q", text)
	}
}

func TestOutputLimitIsExact(t *testing.T) {
	if _, stop := capture(t, 10, 64, func(o *output) { o.stdout.Write([]byte("12345")); o.stderr.Write([]byte("67890")) }); stop != nil {
		t.Errorf("stopped at the limit: %v", stop)
	}
	o, stop := capture(t, 10, 64, func(o *output) { o.stdout.Write([]byte("12345")); o.stderr.Write([]byte("678901")) })
	if stop == nil || stop.Kind != hostfuncs.KindOutput {
		t.Fatalf("not stopped: %v", stop)
	}
	if text, _ := o.stderr.text(); text != "67890" {
		t.Errorf("what fitted was lost: %q", text)
	}
}

func TestOutputOneHugeWrite(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789"), 10_000)
	o, _ := capture(t, 1<<20, 100, func(o *output) { o.stdout.Write(big) })
	text, missing := o.stdout.text()
	if missing != int64(len(big)-100) || !strings.HasPrefix(text, "0123456789") || !strings.HasSuffix(text, "0123456789") {
		t.Errorf("%q %d", text, missing)
	}
	spilled, _ := os.ReadFile(o.stdout.path)
	if !bytes.Equal(spilled, big) {
		t.Errorf("spilled %d bytes", len(spilled))
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestOutputSurvivesABrokenReader(t *testing.T) {
	o := newOutput(1000, 100, t.TempDir(), brokenWriter{}, nil, func(int64) {})
	o.stdout.Write([]byte("a"))
	o.stdout.Write([]byte("b"))
	if text, _ := o.stdout.text(); text != "ab" || o.stdout.err == nil {
		t.Errorf("%q %v", text, o.stdout.err)
	}
}

func TestOutputTellsWhenItCannotSpill(t *testing.T) {
	o := newOutput(1000, 10, t.TempDir()+"/absent", nil, nil, func(int64) {})
	o.stdout.Write(bytes.Repeat([]byte("x"), 50))
	if _, missing := o.stdout.text(); missing != 40 || o.stdout.err == nil {
		t.Errorf("missing %d, error %v", missing, o.stdout.err)
	}
}

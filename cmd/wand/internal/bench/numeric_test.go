package main

import (
	"strings"
	"testing"
	"time"
)

func TestKernelTimes(t *testing.T) {
	var text strings.Builder
	for i := range numericCount {
		text.WriteString("k" + string(rune('a'+i)) + ", 1e6\t0.0025\t1.5\n")
	}
	names, times, err := kernelTimes(text.String())
	if err != nil || names[1] != "kb, 1e6" || times["kb, 1e6"] != (kernelTime{2500 * time.Microsecond, "1.5"}) {
		t.Errorf("%v %v %v", names, times, err)
	}
	for _, wrong := range []string{"", "add\t0.1\t2\n", strings.Replace(text.String(), "0.0025", "fast", 1), strings.Replace(text.String(), "\t1.5", "", 1)} {
		if _, _, err := kernelTimes(wrong); err == nil {
			t.Errorf("no error for %q", wrong)
		}
	}
	if got := strings.Count(numericKernels, "\nkernel("); got != numericCount {
		t.Errorf("the program has %d kernels, not %d", got, numericCount)
	}
}

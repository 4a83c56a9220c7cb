package runtime

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// formatBytes writes a size as a person or a model reads it: exact below 10 KiB, two decimals above.
func formatBytes(n int64) string {
	units := []string{"KiB", "MiB", "GiB", "TiB"}
	if n < 10<<10 && n > -(10<<10) && n%1024 != 0 || n < 1024 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	v := float64(n)
	unit := "bytes"
	for _, u := range units {
		if v < 1024 {
			break
		}
		v, unit = v/1024, u
	}
	return trimZeros(v) + " " + unit
}

// formatCount writes a count with the unit prefixes that limits are given in: 2G, 1.5M, 300.
func formatCount(n int64) string {
	v, unit := float64(n), ""
	for _, u := range []string{"K", "M", "G", "T"} {
		if v < 10000 && (unit != "" || v < 1000) || v < 1000 {
			break
		}
		v, unit = v/1000, u
	}
	return trimZeros(v) + unit
}

func trimZeros(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// formatDuration rounds to three significant figures.
func formatDuration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return trimZeros(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return trimZeros(float64(d)/1e6) + " ms"
	}
	return fmt.Sprintf("%d µs", d.Microseconds())
}

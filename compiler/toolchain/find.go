package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode/utf8"
)

// output runs a command of this machine's on trusted input and returns what it printed, standard error behind standard output.
func output(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &err, time.Second
	failed := cmd.Run()
	if failed != nil && ctx.Err() != nil {
		failed = context.Cause(ctx)
	}
	if failed != nil {
		return err.String() + out.String(), failed
	}
	return out.String(), nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// identity is a digest of the content of files: of compilers, whose version alone does not say whether somebody built them anew.
func identity(paths ...string) (string, error) {
	h := sha256.New()
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		n, err := io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "\x00%d\x00", n)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// codePoint turns a column in bytes into one in code points; both count from 1, and 0 is unknown.
func codePoint(line string, column int) int {
	if column < 1 {
		return 0
	}
	return utf8.RuneCountInString(line[:min(column-1, len(line))]) + 1
}

// columns turns the column of a word, in bytes, into code points, and finds where the word ends. Both are 0 where there is no column.
func columns(line string, column int) (from, to int) {
	if from = codePoint(line, column); from == 0 {
		return 0, 0
	}
	rest := line[min(column-1, len(line)):]
	end := 0
	for i, r := range rest {
		if !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf) {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return from, from + max(1, utf8.RuneCountInString(rest[:end]))
}

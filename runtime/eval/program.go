package eval

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"wand/compiler"
)

// newModule is a module of a program that is none of a model's answers: no fence is looked for and no language guessed.
func newModule(language compiler.Language, text string) *compiler.Module {
	name := "main.py"
	if language == compiler.JavaScript {
		name = "main.js"
	}
	sum := sha256.Sum256([]byte(text))
	return &compiler.Module{Name: name, Language: language, Guest: string(language), Program: text, Source: text, Digest: hex.EncodeToString(sum[:])}
}

// candidate is the text of a sample as it stands before the tests.
func (p *Problem) candidate(s *Sample) string {
	if s.Solution != "" || s.Completion == "" && p.Prompt == "" {
		return unfence(p, s.Solution)
	}
	text := s.Completion
	if !strings.Contains(text, "```") && !strings.Contains(text, "~~~") {
		return p.Prompt + text
	}
	bare := unfence(p, text)
	switch {
	case bare == text: // no answer in Markdown after all
		return p.Prompt + text
	case p.Language == compiler.Python && (bare == "" || strings.ContainsRune(" \t\n", rune(bare[0]))):
		return p.Prompt + bare
	case p.Language == compiler.Python:
		return p.Prompt + "\n" + bare // the prompt's function ends in its docstring, and its imports and helpers stay
	case p.EntryPoint != "" && regexp.MustCompile(`\b(?:function|const|let|var)\s+`+regexp.QuoteMeta(p.EntryPoint)+`\b`).MatchString(bare):
		return bare
	}
	return p.Prompt + bare
}

// unfence takes a program out of a Markdown answer. A text that has no fence stays as it is, whatever is wrong with it: the guest says that better.
func unfence(p *Problem, text string) string {
	if !strings.Contains(text, "```") && !strings.Contains(text, "~~~") {
		return text
	}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: p.Language, Text: []byte(text)})
	if err != nil || m == nil {
		return text
	}
	return m.Source
}

// program is a candidate with the tests behind it.
type program struct {
	text string
	// token is what the program's value is when it ran to its end, past every test. A candidate that exits early has not passed.
	token string
	// tests is the line on which the tests begin.
	tests int
}

// compose puts the tests behind a candidate: all of them as the data set runs them (only < 0), or one.
func (p *Problem) compose(candidate string, only int) program {
	var b strings.Builder
	b.WriteString(candidate)
	b.WriteByte('\n')
	if p.Language != compiler.Python {
		b.WriteString(assertThrows)
	}
	tests := 1 + strings.Count(b.String(), "\n")
	switch {
	case len(p.Tests) > 0:
		if p.Setup != "" {
			b.WriteString(p.Setup)
			b.WriteByte('\n')
		}
		if only >= 0 {
			if t := p.test(only); t.rewritten != "" {
				b.WriteString(t.rewritten)
			} else {
				b.WriteString(p.Tests[only])
			}
		} else {
			b.WriteString(strings.Join(p.Tests, "\n"))
		}
	case only >= 0:
		b.WriteString(p.only(only))
	default:
		b.WriteString(p.Test)
	}
	b.WriteByte('\n')
	if p.Language == compiler.Python && p.Test != "" && p.EntryPoint != "" && definesCheck.MatchString(p.Test) {
		b.WriteString("check(" + p.EntryPoint + ")\n")
	}
	sum := sha256.Sum256([]byte(b.String()))
	token := hex.EncodeToString(sum[:12])
	if p.Language == compiler.Python {
		b.WriteString("\"" + token + "\"\n")
	} else {
		b.WriteString(";\"" + token + "\"\n")
	}
	return program{b.String(), token, tests}
}

// assertThrows makes a failed console.assert, which prints a line and goes on, end the program as an assertion does. same and alike compare two values, and
// tell them when they differ. The error's stack begins where the test stands.
const assertThrows = `;{ const failed = (words, sides) => { const e = Object.assign(new Error(words.length ? words.map(String).join(" ") : "Assertion failed"), sides); ` +
	`e.name = "AssertionError"; e.stack = String(e.stack).replace(/( {4}at .*\n?){2}/, ""); throw e; }; ` +
	`console.assert = (ok, ...words) => { if (!ok) failed(words); }; ` +
	`console.assert.same = (actual, expected, ...words) => { if (actual !== expected) failed(words, {actual, expected}); }; ` +
	`console.assert.alike = (actual, expected, ...words) => { if (actual != expected) failed(words, {actual, expected}); }; }` + "\n"

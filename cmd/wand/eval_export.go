package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/runtime"
	"wand/runtime/eval"
)

const evalExportDescription = `Makes training data of results: JSON lines that say what a model was asked, what it answered, and what that was worth.

FORMATS:
   sft         prompt, completion                        what passed, each program once
   preference  prompt, chosen, rejected, both rewards    one that passed beside one that did not, the best of those first
   reward      prompt, completion, reward, outcome, tests_passed, tests_total, feedback

Each line can be found out again: wand eval verify runs its programs and compares. whole says that a completion is a whole program, not to be put behind the
prompt.

EXAMPLES:
   wand eval export samples.results.jsonl --format sft --out sft.jsonl
   wand eval export samples.results.jsonl --format preference --pairs 4 > pairs.jsonl
   wand eval export samples.results.jsonl --format reward --problems HumanEval.jsonl.gz
   wand eval verify pairs.jsonl --problems HumanEval.jsonl.gz`

func (a *app) evalExportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "make training data of results", UsageText: "wand eval export [options] RESULTS.jsonl|-", Description: evalExportDescription,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "`KIND` of data: sft, preference or reward"},
			&cli.StringFlag{Name: "problems", Usage: "`FILE` of the problems (default: the one that the results name)"},
			&cli.StringFlag{Name: "lang", Aliases: []string{"language"}, Usage: "`LANGUAGE` of all problems, as for wand eval"},
			&cli.StringFlag{Name: "out", Usage: "write to `FILE` instead of standard output"},
			&cli.IntFlag{Name: "pairs", Value: eval.DefaultPairs, Usage: "at most `N` pairs of each task"},
		},
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.evalExport,
	}
}

func (a *app) evalExport(c *cli.Context) error {
	format := eval.Format(c.String("format"))
	switch {
	case format == "":
		return usage("say which data is wanted: --format sft, preference or reward")
	case !slices.Contains(eval.Formats(), format):
		return usage("--format: %q is none of sft, preference and reward", c.String("format"))
	case c.Int("pairs") < 1:
		return usage("--pairs: %d is too few", c.Int("pairs"))
	}
	header, results, err := a.readResults(c)
	if err != nil {
		return err
	}
	problems, err := a.problemsOf(c, header)
	if err != nil {
		return err
	}
	var data bytes.Buffer
	n, err := eval.Export(&data, format, problems.Problem, results, c.Int("pairs"))
	if err != nil {
		return usage("%v; name the problems of these results with --problems", err)
	}
	if file := c.String("out"); file != "" {
		if err := os.WriteFile(file, data.Bytes(), 0o644); err != nil {
			return cannotWriteFile(file, err)
		}
	} else if _, err := a.stdout.Write(data.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "wand: %d lines of %d results\n", n, len(results))
	return nil
}

// problemsOf reads the problems of results: from the file of the command line, or the one that the results name.
func (a *app) problemsOf(c *cli.Context, h *eval.Header) (*eval.Set, error) {
	name := c.String("problems")
	if name == "" && h != nil {
		if name = h.Problems; name == "" {
			name = h.Samples
		}
	}
	if name == "" || name == "-" {
		return nil, usage("name the file of the problems with --problems")
	}
	l := &eval.Loader{LoadOptions: eval.LoadOptions{Untested: true}}
	if lang := c.String("lang"); lang != "" {
		var err error
		if l.Language, err = compiler.ParseLanguage(lang); err != nil || l.Language == compiler.Wasm {
			return nil, usage("--lang: %q is none of python, javascript and typescript", lang)
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	defer f.Close()
	read := l.Problems
	if h != nil && c.String("problems") == "" && h.Problems == "" { // the samples brought them along
		read = l.Samples
	}
	if err := read(filepath.Base(name), f); err != nil {
		return nil, usage("%v", err)
	}
	return l.Set()
}

const evalVerifyDescription = `Runs the programs of results, or of training data made of them, once more and compares: outcomes, tests and rewards. What was made with other limits,
rewards or policies than the defaults needs the same options again; those of results stand in their file.

EXAMPLES:
   wand eval verify samples.results.jsonl
   wand eval verify reward.jsonl --problems HumanEval.jsonl.gz
   wand eval verify - --problems mbpp.jsonl --fuel 2G < sft.jsonl

EXIT CODES:
   0 everything is as it was said, 1 something differs, 2 usage or unusable input, 130 stopped`

func (a *app) evalVerifyCommand() *cli.Command {
	limits := &limitFlags{}
	return &cli.Command{
		Name: "verify", Usage: "run what results or training data claim once more", UsageText: "wand eval verify [options] FILE.jsonl|-", Description: evalVerifyDescription,
		Flags: slices.DeleteFunc(evalFlags(limits), func(f cli.Flag) bool {
			return slices.Contains([]string{"canonical", "vote", "skip-bad", "coverage", "feedback-tokens"}, f.Names()[0])
		}),
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.evalVerify(c, limits) },
	}
}

func (a *app) evalVerify(c *cli.Context, flags *limitFlags) error {
	if c.NArg() != 1 || len(a.programArgs) > 0 {
		return usage("wand eval verify wants one file of results or of training data")
	}
	name := c.Args().First()
	var in io.Reader = a.stdin
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return cannotRead(name, err)
		}
		defer f.Close()
		in = f
	}
	header, claims, err := eval.ReadClaims(name, in)
	if err != nil {
		return usage("%v", err)
	}
	problems, err := a.problemsOf(c, header)
	if err != nil {
		return err
	}
	samples := make([]*eval.Sample, len(claims))
	for i, claim := range claims {
		samples[i] = &claim.Sample
	}
	set, err := eval.NewSet(problems.Problems, samples)
	if err != nil {
		return usage("%v", err)
	}
	ctx, release := interruptible(c.Context)
	defer release()
	judge, err := a.newJudge(ctx, c, flags, func(config *eval.Config) { takeSettings(c, flags, config, header) })
	if err != nil {
		return err
	}
	defer judge.close()
	differ := 0
	results, err := judge.run(ctx, set, &resultSink{writer: io.Discard})
	for _, r := range results {
		claim := claims[r.Index]
		if what := claim.Differs(r); what != "" {
			differ++
			fmt.Fprintf(a.stdout, "%s line %d: %s: %s\n", printable(name), claim.Line, printable(r.TaskID), what)
		}
	}
	switch {
	case ctx.Err() != nil:
		return exitStatus(exitCancelled)
	case err != nil:
		return err
	}
	fmt.Fprintf(a.stdout, "%d programs, %d differ from what was said\n", len(results), differ)
	if differ > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

// takeSettings judges as the results were judged, where the command line says nothing else.
func takeSettings(c *cli.Context, flags *limitFlags, config *eval.Config, h *eval.Header) {
	config.FeedbackTokens, config.Coverage = -1, false
	if h == nil {
		return
	}
	if limits, err := flags.limits(); err == nil && limits == (runtime.Limits{}) {
		config.Options.Limits = h.Settings.Limits
	}
	if !c.IsSet("tests") && h.Settings.Detail != "" {
		config.Detail = h.Settings.Detail
	}
	if !c.IsSet("rewards") && h.Settings.Scale.Check() == nil {
		config.Scale = h.Settings.Scale
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"wand/policies/units"
	"wand/runtime/eval"
)

const evalShowDescription = `Prints the results of wand eval as a table: the tasks, how many of their samples pass, pass@k, and which samples behave alike. With --html it writes a page with
plots that needs nothing beside itself.

The column agree is the largest group of samples that behave alike: they pass the same tests and give the same values where they fail. The column choose names the
sample to take when nobody knows which tests are right: CodeT's score, which is how many samples agree times how many tests they pass.

EXAMPLES:
   wand eval show samples.results.jsonl
   wand eval show samples.results.jsonl --html report.html
   wand eval show --json samples.results.jsonl
   wand eval show --samples --task HumanEval/32 samples.results.jsonl`

func (a *app) evalShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "print results as a table or a page", UsageText: "wand eval show [options] RESULTS.jsonl|-", Description: evalShowDescription,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "html", Usage: "write a page with plots to `FILE`"},
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the summary as JSON"},
			&cli.BoolFlag{Name: "samples", DisableDefaultText: true, Usage: "list every sample, with its tests"},
			&cli.StringFlag{Name: "task", Usage: "only the task with this `ID`, with the feedback of its samples"},
			&cli.StringFlag{Name: "k", Value: "1,10,100", Usage: "estimate pass@k for these `NUMBERS`, as far as there are samples"},
		},
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.evalShow,
	}
}

func (a *app) evalShow(c *cli.Context) error {
	ks, err := numbers("k", c.String("k"))
	if err != nil {
		return err
	}
	header, results, err := a.readResults(c)
	if err != nil {
		return err
	}
	if task := c.String("task"); task != "" {
		var only []*eval.Result
		for _, r := range results {
			if r.TaskID == task {
				only = append(only, r)
			}
		}
		if len(only) == 0 {
			return usage("--task: there is no result of %q", task)
		}
		results = only
	}
	if file := c.String("html"); file != "" {
		var page bytes.Buffer
		if err := eval.WritePage(&page, header, results); err != nil {
			return err
		}
		if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
			return cannotWriteFile(file, err)
		}
	}
	summary := eval.Summarise(results)
	on := colours(a.stdout)
	if err := showSummary(a.stdout, on, summary, ks, c.Bool("json"), true); err != nil {
		return err
	}
	if (c.Bool("samples") || c.String("task") != "") && !c.Bool("json") {
		return showSamples(a.stdout, on, summary, c.String("task") != "")
	}
	return nil
}

// readResults reads the file of results that a command line names.
func (a *app) readResults(c *cli.Context) (*eval.Header, []*eval.Result, error) {
	if c.NArg() != 1 || len(a.programArgs) > 0 {
		return nil, nil, usage("%s wants one file of results, as wand eval writes them", c.Command.HelpName)
	}
	name := c.Args().First()
	if name == "-" {
		h, results, err := eval.Read("standard input", a.stdin)
		return h, results, badResults(err)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, cannotRead(name, err)
	}
	defer f.Close()
	h, results, err := eval.Read(filepath.Base(name), f)
	return h, results, badResults(err)
}

func badResults(err error) error {
	var line *eval.LineError
	if err != nil && (errors.Is(err, eval.ErrNotResults) || errors.As(err, &line)) {
		return usage("%v", err)
	}
	return err
}

// passAt is one estimate.
type passAt struct {
	K    int     `json:"k"`
	Rate float64 `json:"rate"`
}

func estimates(s *eval.Summary, ks []int) []passAt {
	list := []passAt{}
	for _, k := range ks {
		if rate, ok := s.PassAt(k); ok {
			list = append(list, passAt{k, rate})
		}
	}
	return list
}

// summaryJSON is the summary as JSON.
type summaryJSON struct {
	Schema   string               `json:"schema"`
	PassAt   []passAt             `json:"pass_at"`
	Tasks    int                  `json:"tasks"`
	Samples  int                  `json:"samples"`
	Passed   int                  `json:"passed"`
	Outcomes map[eval.Outcome]int `json:"outcomes"`
	Errors   map[string]int       `json:"errors"`
	Reward   float64              `json:"mean_reward"`
	Fuel     int64                `json:"fuel"`
	ByTask   []taskJSON           `json:"by_task"`
}

type taskJSON struct {
	TaskID   string        `json:"task_id"`
	Samples  int           `json:"samples"`
	Passed   int           `json:"passed"`
	Clusters []clusterJSON `json:"clusters"`
	Vote     string        `json:"vote,omitempty"`
	Choose   string        `json:"choose,omitempty"`
}

type clusterJSON struct {
	Behaviour string   `json:"behaviour"`
	Samples   []string `json:"samples"`
	CodeT     int      `json:"codet"`
}

func showSummary(w io.Writer, on bool, s *eval.Summary, ks []int, asJSON, byTask bool) error {
	rates := estimates(s, ks)
	if asJSON {
		out := summaryJSON{Schema: "wand.eval.summary/v1", PassAt: rates, Tasks: len(s.Tasks), Samples: s.Results, Passed: s.Passed, Outcomes: s.Outcomes,
			Errors: s.Errors, Reward: s.Reward, Fuel: s.Fuel, ByTask: []taskJSON{}}
		for _, t := range s.Tasks {
			row := taskJSON{TaskID: t.TaskID, Samples: len(t.Results), Passed: t.Passed, Clusters: []clusterJSON{}}
			for _, cluster := range t.Clusters {
				row.Clusters = append(row.Clusters, clusterJSON{cluster.Behaviour, sampleIDs(cluster.Members), cluster.Score})
			}
			if t.Vote != nil {
				row.Vote = t.Vote.Behaviour
			}
			if len(t.Clusters) > 0 {
				row.Choose = t.Clusters[0].Best().SampleID
			}
			out.ByTask = append(out.ByTask, row)
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(out)
	}
	if byTask {
		if err := showTasks(w, s); err != nil {
			return err
		}
	}
	for _, r := range rates {
		fmt.Fprintf(w, "%-8s %s\n", fmt.Sprintf("pass@%d", r.K), colour(on, green, fmt.Sprintf("%.4f", r.Rate)))
	}
	fmt.Fprintf(w, "passed   %d of %d samples, of %d tasks\n", s.Passed, s.Results, len(s.Tasks))
	var parts []string
	for _, o := range eval.Outcomes() {
		if n := s.Outcomes[o]; n > 0 && o != eval.Passed {
			parts = append(parts, fmt.Sprintf("%s %d", o, n))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "others   %s\n", strings.Join(parts, ", "))
	}
	_, err := fmt.Fprintf(w, "reward   %.4f on average\nfuel     %s\n", s.Reward, units.Count(s.Fuel))
	return err
}

func sampleIDs(list []*eval.Result) []string {
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.SampleID
	}
	return ids
}

func showTasks(w io.Writer, s *eval.Summary) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "task\tsamples\tpassed\tpass@1\tgroups\tagree\tchoose")
	for _, task := range s.Tasks {
		agree, choose := "-", "-"
		if task.Vote != nil {
			agree = fmt.Sprintf("%d: %s", len(task.Vote.Members), clipLine(task.Vote.Behaviour, 40))
		}
		if len(task.Clusters) > 0 {
			choose = fmt.Sprintf("%s (%d)", task.Clusters[0].Best().SampleID, task.Clusters[0].Score)
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%.3f\t%d\t%s\t%s\n", printable(task.TaskID), len(task.Results), task.Passed, float64(task.Passed)/float64(len(task.Results)), len(task.Clusters),
			printable(agree), printable(choose))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

func showSamples(w io.Writer, on bool, s *eval.Summary, feedback bool) error {
	fmt.Fprintln(w)
	for _, task := range s.Tasks {
		for _, r := range task.Results {
			code := red
			if r.Passed {
				code = green
			}
			tests := ""
			if r.Tests != nil {
				tests = "  " + clipLine(r.Tests.Matrix, 60)
			}
			fmt.Fprintf(w, "%s  %s  %s  reward %.3f%s\n", printable(r.TaskID), printable(r.SampleID), colour(on, code, string(r.Outcome)), r.Reward, printable(tests))
			for _, line := range r.Suspicious {
				fmt.Fprintf(w, "    suspicious, %.2f: line %d: %s\n", line.Score, line.Line, printable(line.Text))
			}
			if feedback && r.Feedback != "" {
				for line := range strings.Lines(strings.TrimRight(r.Feedback, "\n")) {
					fmt.Fprintf(w, "    %s\n", printable(strings.TrimRight(line, "\n")))
				}
			}
		}
	}
	return nil
}

// clipLine is the beginning of a text, without line breaks.
func clipLine(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}

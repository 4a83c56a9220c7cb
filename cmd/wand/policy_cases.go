package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies"
)

const policyTestDescription = `Asks a policy every case of a file, and compares the answers with those that the file expects. A cases file says:

   cases:
     - {name: reads items, tool: http, args: {url: "https://api.example.com/v1/items"}, expect: allow}
     - {tool: http, args: {url: "https://api.example.com/v1/items", method: DELETE}, expect: deny}
     - {tool: mail.send, args: {to: a@example.com}, expect: approve, rule: "tools[1]"}

expect is allow, deny or approve (allowed once somebody agrees); rule, which may be left out, the rule that has to decide; context what the tool
would find out, such as {private: true}.

EXAMPLES:
   wand policy test policy.yaml cases.yaml
   wand policy test --json policy.yaml cases.yaml --overlay organisation.cedar

EXIT CODES:
   0 all as expected, 1 some are not, 2 usage`

// policyTest is the JSON form of a test, a stable contract.
type policyTest struct {
	Schema string           `json:"schema"`
	OK     bool             `json:"ok"`
	Passed int              `json:"passed"`
	Failed int              `json:"failed"`
	Cases  []policyTestCase `json:"cases"`
}

type policyTestCase struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Expect   string `json:"expect"`
	Allowed  bool   `json:"allowed"`
	Rule     string `json:"rule,omitempty"`
	Position string `json:"position,omitempty"`
	Message  string `json:"message,omitempty"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

func (a *app) policyTestCommand() *cli.Command {
	return &cli.Command{
		Name: "test", Usage: "compare a policy's answers with the expected ones", UsageText: "wand policy test [options] FILE CASES", Description: policyTestDescription,
		Flags: []cli.Flag{overlayFlag(), allowFlag(), jsonFlag("the outcome")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.policyTest,
	}
}

// policyTest is wand policy test.
func (a *app) policyTest(c *cli.Context) error {
	names, err := a.arguments(c, 2, 2, "a policy and a file of cases, as in: wand policy test policy.yaml cases.yaml")
	if err != nil {
		return err
	}
	granted, err := a.authority(c, names[0])
	if err != nil {
		return err
	}
	cases, err := policies.LoadCases(names[1])
	if err != nil {
		return err
	}
	if len(cases) == 0 {
		return usage("there are no cases in %s, and a test that asks nothing shows nothing", names[1])
	}
	result := policyTest{Schema: "wand.policy_test/v1", Cases: []policyTestCase{}}
	var wrong []policyFinding
	for _, r := range policies.Test(granted.engine, cases) {
		at, called := r.Case.Origin, r.Case.Name
		if called == "" {
			called = r.Case.Tool
			if r.Request.Action != "" {
				called = r.Request.What()
			}
		}
		result.Cases = append(result.Cases, policyTestCase{called, r.OK, r.Case.Expect, r.Decision.Allowed, r.Decision.Rule, r.Decision.Position, r.Message, at.File, at.Line, at.Column})
		if r.OK {
			result.Passed++
			continue
		}
		result.Failed++
		wrong = append(wrong, policyFinding{compiler.SeverityError, at.File, at.Line, at.Column, "", called + ": " + r.Message, r.Decision.Hint, at.Text})
	}
	result.OK = result.Failed == 0
	if c.Bool("json") {
		if err := writeJSON(a.stdout, result); err != nil {
			return err
		}
	} else {
		on := colours(a.stderr)
		showPolicyFindings(a.stderr, on, wrong)
		if result.OK {
			fmt.Fprintf(a.stderr, "wand: %s: all %d cases as expected\n", colour(on, green, printable(names[1])), result.Passed)
		} else {
			fmt.Fprintf(a.stderr, "wand: %s: %d of %d cases not as expected\n", colour(on, red, printable(names[1])), result.Failed, len(cases))
		}
	}
	if !result.OK {
		return exitStatus(exitFailed)
	}
	return nil
}

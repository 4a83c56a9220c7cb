package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"wand/policies"
)

const policyDiffDescription = `Lists what policy B allows that policy A does not: calls, easier terms for the same calls, higher limits; each with examples. It asks both
policies about requests that their rules give rise to, so it compares what they mean and not how they are written.

EXAMPLES:
   wand policy diff old.yaml new.yaml
   wand policy diff compute policy.yaml
   wand policy diff --json old.yaml new.yaml

EXIT CODES:
   0 B allows nothing that A does not, 1 it does, 2 usage`

// policyDiff is the JSON form of a comparison, a stable contract.
type policyDiff struct {
	Schema      string             `json:"schema"`
	Differences []policyDifference `json:"differences"`
}

type policyDifference struct {
	Kind     string          `json:"kind"` // grant, terms or limit
	Rule     string          `json:"rule"`
	Position string          `json:"position,omitempty"`
	Says     string          `json:"says"`
	Before   string          `json:"before"`
	Count    int             `json:"count"`
	Examples []policyExample `json:"examples"`
}

type policyExample struct {
	What     string         `json:"what"`
	Action   string         `json:"action"`
	Resource string         `json:"resource"`
	Context  map[string]any `json:"context,omitempty"`
}

func (a *app) policyDiffCommand() *cli.Command {
	return &cli.Command{
		Name: "diff", Usage: "list what one policy allows that another does not", UsageText: "wand policy diff [options] A B", Description: policyDiffDescription,
		Flags: []cli.Flag{overlayFlag(), jsonFlag("the differences")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.policyDiff,
	}
}

// policyDiff is wand policy diff.
func (a *app) policyDiff(c *cli.Context) error {
	names, err := a.arguments(c, 2, 2, "two policies, as in: wand policy diff old.yaml new.yaml")
	if err != nil {
		return err
	}
	before, err := a.authority(c, names[0])
	if err != nil {
		return err
	}
	after, err := a.authority(c, names[1])
	if err != nil {
		return err
	}
	differences := policies.Diff(before.engine, after.engine)
	if c.Bool("json") {
		result := policyDiff{Schema: "wand.policy_diff/v1", Differences: []policyDifference{}}
		for _, d := range differences {
			x := policyDifference{d.Kind, d.Rule, d.Position, d.Says, d.Before, d.Count, []policyExample{}}
			for _, r := range d.Examples {
				x.Examples = append(x.Examples, policyExample{r.What(), r.Action, string(r.Resource.Type) + " " + r.Resource.ID, r.Context})
			}
			result.Differences = append(result.Differences, x)
		}
		if err := writeJSON(a.stdout, result); err != nil {
			return err
		}
	} else {
		for _, d := range differences {
			if _, err := fmt.Fprint(a.stdout, printable(d.String())); err != nil {
				return cannotWrite(err)
			}
		}
	}
	if len(differences) > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

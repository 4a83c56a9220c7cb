//go:build wasip1

// Weather asks for the weather of several towns side by side, goes on without those that have none, and gives the warmest.
package main

import (
	"errors"
	"fmt"
	"os"

	"wand"
)

type report struct{ Degrees float64 }

func main() {
	var in struct{ Towns []string }
	if err := wand.Input(&in); err != nil {
		wand.Fail(err)
	}
	pending := make([]*wand.Pending[report], len(in.Towns))
	for i, town := range in.Towns {
		pending[i] = wand.Start[report]("weather", map[string]string{"town": town})
	}
	warmest, most := "", 0.0
	for i, town := range in.Towns {
		r, err := pending[i].Wait()
		var refused *wand.Error
		if errors.As(err, &refused) {
			fmt.Fprintf(os.Stderr, "%s: %s\n", town, refused.Message)
			continue
		} else if err != nil {
			wand.Fail(err)
		}
		if warmest == "" || r.Degrees > most {
			warmest, most = town, r.Degrees
		}
	}
	wand.Result(map[string]any{"warmest": warmest, "degrees": most})
}

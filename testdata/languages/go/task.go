package main

import (
	"fmt"

	"wand"
)

func main() {
	var in struct {
		Amounts  []float64 `json:"amounts"`
		Currency string    `json:"currency"`
	}
	if err := wand.Input(&in); err != nil {
		wand.Fail(err)
	}
	fmt.Println("converting", len(in.Amounts), "amounts")
	rate := wand.Must(wand.Call[float64]("rate", map[string]any{"currency": in.Currency}))
	sum := wand.Must(wand.Call[struct{ Total float64 }]("convert", map[string]any{"amounts": in.Amounts, "rate": rate}))
	wand.Result(map[string]any{"currency": in.Currency, "total": sum.Total})
}

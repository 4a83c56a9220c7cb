package main

import (
	"fmt"

	"wand"
)

func pick(amounts []float64, n int) float64 {
	return amounts[n] // ERROR
}

func main() {
	var in struct{ Amounts []float64 }
	wand.Input(&in)
	fmt.Println("picking")
	wand.Result(pick(in.Amounts, 7))
}

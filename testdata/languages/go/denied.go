package main

import (
	"fmt"

	"wand"
)

func main() {
	fmt.Println("wiping")
	wand.Result(wand.Must(wand.Call[bool]("wipe", map[string]any{"disk": "c"}))) // ERROR
}

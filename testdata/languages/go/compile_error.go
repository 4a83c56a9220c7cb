package main

import "fmt"

func main() {
	var amounts []int = "none" // ERROR
	fmt.Println("converting", len(amounts), "amounts")
}

package main

import "fmt"

func main() {
	n := 0
	for {
		n++
		if n < 0 {
			fmt.Println("never")
		}
	}
}

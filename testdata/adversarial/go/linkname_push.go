// attack: puts a function in the place of one of the library
// expect: error | module

package main

import _ "unsafe"

//go:linkname mine os.Exit
func mine(code int) { println("mine") }

func main() { mine(1) }

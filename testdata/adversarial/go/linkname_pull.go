// attack: takes a function of the runtime that nobody gives
// expect: error

package main

import _ "unsafe"

//go:linkname exit runtime.mallocinit
func exit()

func main() { exit() }

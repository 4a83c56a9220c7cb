// attack: has a function without a body, for an assembler that is not there
// expect: error

package main

func f()

func main() { f() }

// attack: names imports that no program gets
// expect: module

package main

//go:wasmimport env system
func system(command uint32) int32

func main() { println(system(0)) }

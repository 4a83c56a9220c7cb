// attack: is not for this system
// expect: module

//go:build ignore

package main

func main() {}

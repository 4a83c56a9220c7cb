// attack: has C in a comment, which cgo would compile
// expect: error
// says: cgo

package main

// #include "/etc/passwd"
// #cgo LDFLAGS: -Wl,--version
import "C"

func main() {}

// attack: declares an array of a terabyte
// expect: error

package main

var x [1 << 40]byte

func main() { println(x[0]) }

// attack: squares a constant again and again
// expect: error | stopped

package main

const (
	a = 1 << 500
	b = a * a
	c = b * b
	d = c * c
)

func main() { println(d) }

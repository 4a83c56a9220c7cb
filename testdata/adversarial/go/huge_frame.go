// attack: has a frame of gigabytes
// expect: error | module

package main

func main() {
	var x [1 << 30]byte
	x[5] = 1
	println(x[len(x)-1])
}

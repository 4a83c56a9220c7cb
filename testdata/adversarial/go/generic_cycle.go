// attack: instantiates a type without an end
// expect: error | stopped

package main

type T[P any] struct{ next *T[T[P]] }

func f[P any](n int) {
	if n > 0 {
		f[T[P]](n - 1)
	}
}

func main() { f[int](3) }

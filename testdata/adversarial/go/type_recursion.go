// attack: has a type that holds itself
// expect: error
// says: invalid recursive type

package main

type T [2]T

func main() { println(len(T{})) }

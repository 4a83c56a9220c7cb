// attack: shifts a constant beyond all sizes
// expect: error

package main

const huge = 1 << 1000000

func main() { println(huge >> 999999) }

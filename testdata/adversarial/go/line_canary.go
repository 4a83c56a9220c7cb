// attack: calls its lines those of a file of the same user
// expect: error

package main

func main() {
//line @CANARY@:1:1
	println(nowhere)
}

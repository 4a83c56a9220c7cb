// attack: calls its lines those of a file of the host, so that a message quotes that
// expect: error
// says: undefined: nowhere

package main

func main() {
//line /etc/passwd:1
	println(nowhere)
	/*line /etc/passwd:1:1*/ println(nowhere2)
}

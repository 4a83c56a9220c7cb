// attack: embeds a file of the same user
// expect: error

package main

import _ "embed"

//go:embed @CANARY@
var text []byte

func main() { println(text) }

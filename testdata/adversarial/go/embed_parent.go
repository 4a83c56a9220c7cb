// attack: embeds a file from outside of its folder
// expect: error

package main

import _ "embed"

//go:embed ../../../../etc/passwd
var text string

func main() { println(text) }

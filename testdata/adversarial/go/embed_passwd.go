// attack: embeds a file of the host
// expect: error
// says: go:embed | embedded

package main

import _ "embed"

//go:embed /etc/passwd
var text string

func main() { println(text) }

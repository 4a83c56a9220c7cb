// attack: embeds all there is
// expect: error

package main

import "embed"

//go:embed all:*
var files embed.FS

func main() { println(files) }

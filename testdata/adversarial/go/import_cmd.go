// attack: imports the compiler
// expect: error

package main

import _ "cmd/go/internal/work"

func main() {}

// attack: imports a module that would be fetched
// expect: error
// says: not in the standard library

package main

import _ "golang.org/x/sys/unix"

func main() {}

// attack: imports what only the library may
// expect: error
// says: internal

package main

import "internal/syscall/unix"

func main() { println(unix.AT_FDCWD) }

// attack: imports a path of the host
// expect: error

package main

import _ "/etc/passwd"

func main() {}

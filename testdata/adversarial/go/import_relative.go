// attack: imports a folder beside it
// expect: error

package main

import _ "../secret"

func main() {}

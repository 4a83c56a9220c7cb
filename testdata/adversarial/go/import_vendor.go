// attack: imports what the library vendors
// expect: error

package main

import _ "vendor/golang.org/x/net/dns/dnsmessage"

func main() {}

// attack: has a command that go generate would run
// expect: module

package main

//go:generate sh -c "cat @CANARY@ > /tmp/wand-generated"

func main() {}

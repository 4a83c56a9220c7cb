// attack: opens a plugin
// expect: module

package main

import "plugin"

func main() {
	_, err := plugin.Open("/etc/passwd")
	println(err != nil)
}

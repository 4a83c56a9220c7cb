// Command wand runs programs that a language model wrote, in a metered sandbox: see `wand help`. One file per subcommand; everything that
// is not talking to a person on a terminal is in the packages runtime, compiler and modules.
package main

import "os"

func main() {
	os.Exit(newApp(os.Stdin, os.Stdout, os.Stderr).main(os.Args))
}

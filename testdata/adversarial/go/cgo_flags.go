// attack: gives options to the linker
// expect: error

package main

//go:cgo_ldflag "-Wl,-rpath,/etc"
//go:cgo_import_dynamic system system "libc.so.6"

func main() {}

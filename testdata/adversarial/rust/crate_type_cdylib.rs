// attack: another kind of crate than the command line says
// expect: module | error

#![crate_type = "cdylib"]
#![crate_name = "passwd"]
fn main() {}

// attack: a crate of the standard library's own
// expect: error

extern crate libc;
fn main() {}

// attack: the compiler as a library
// expect: error

extern crate rustc_driver;
fn main() {}

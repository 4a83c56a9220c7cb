// attack: a compiler plugin
// expect: error

#![feature(plugin)]
#![plugin(passwd)]
fn main() {}

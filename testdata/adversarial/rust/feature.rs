// attack: a feature that is not stable
// expect: error
// says: E0554

#![feature(rustc_private, asm_experimental_arch)]
fn main() {}

// attack: arguments of the linker in the source
// expect: error

#![link_args = "-o /tmp/wand-linked"]
fn main() {}

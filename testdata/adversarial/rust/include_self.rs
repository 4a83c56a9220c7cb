// attack: a file that includes itself
// expect: error | stopped

include!("main.rs");
fn main() {}

// attack: a macro without an end, and no limit to recursion
// expect: error | stopped

#![recursion_limit = "4000000000"]
macro_rules! m {
    ($($t:tt)*) => { m!($($t)* a) };
}
fn main() {
    m!(a)
}

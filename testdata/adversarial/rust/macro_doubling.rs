// attack: a macro that doubles what it is given
// expect: error | stopped

macro_rules! m {
    ($($t:tt)*) => { m!($($t)* $($t)*) };
}
fn main() {
    m!(a)
}

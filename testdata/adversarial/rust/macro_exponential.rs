// attack: a macro that becomes a billion statements
// expect: error | stopped

macro_rules! a {
    ($($t:tt)*) => { $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* };
}
fn main() {
    a!(a!(a!(a!(a!(a!(a!(a!(a!(x();)))))))))
}
fn x() {}

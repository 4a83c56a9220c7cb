// attack: a constant of gigabytes out of macros
// expect: error | stopped

macro_rules! d {
    ($x:expr) => { concat!($x, $x, $x, $x, $x, $x, $x, $x, $x, $x) };
}
const S: &str = d!(d!(d!(d!(d!(d!(d!(d!(d!(d!("0123456789"))))))))));
fn main() {
    println!("{}", S.len());
}

// attack: a constant that takes for ever, without the lint against it
// expect: error | stopped

#![allow(long_running_const_eval)]
const X: u64 = {
    let mut n = 0u64;
    while n < u64::MAX {
        n += 1;
    }
    n
};
fn main() {
    println!("{X}");
}

// attack: a constant that takes for ever
// expect: error | stopped

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

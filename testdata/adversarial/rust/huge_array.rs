// attack: a variable of a terabyte
// expect: error | stopped

static A: [u8; 1 << 40] = [1; 1 << 40];
fn main() {
    println!("{}", A[1]);
}

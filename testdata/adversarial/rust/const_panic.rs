// attack: a constant that panics
// expect: error

const X: usize = [1, 2, 3][X2];
const X2: usize = 7;
fn main() {
    println!("{X}");
}

// attack: a constant that takes all memory
// expect: error | stopped

const fn f() -> [[u8; 1 << 30]; 8] {
    [[7; 1 << 30]; 8]
}
static X: [[u8; 1 << 30]; 8] = f();
fn main() {
    println!("{}", X[3][4]);
}

// attack: a variable of a gigabyte in the module
// expect: error | stopped

static A: [u8; 1_500_000_000] = [1; 1_500_000_000];
fn main() {
    println!("{}", std::hint::black_box(&A)[1]);
}

// attack: functions of ever larger types
// expect: error | stopped

fn f<T>(n: u32, t: T) {
    if n > 0 {
        f(n - 1, (&t, &t));
    }
}
fn main() {
    f(10, 1u8);
}

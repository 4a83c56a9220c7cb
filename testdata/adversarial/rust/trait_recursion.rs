// attack: a trait that depends on itself without an end, and no limit to recursion
// expect: error | stopped

#![recursion_limit = "1000000"]
trait T {}
impl<A> T for Vec<A> where Vec<Vec<A>>: T {}
fn f<A: T>() {}
fn main() {
    f::<Vec<u8>>();
}

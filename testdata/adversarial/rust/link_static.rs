// attack: a library that lies somewhere
// expect: error

#[link(name = "passwd", kind = "static")]
unsafe extern "C" {
    fn f();
}
fn main() {
    unsafe { f() }
}

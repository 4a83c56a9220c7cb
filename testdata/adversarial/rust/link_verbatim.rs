// attack: a file of the host as a library
// expect: error

#[link(name = "/etc/passwd", kind = "static", modifiers = "+verbatim")]
unsafe extern "C" {
    fn f();
}
fn main() {
    unsafe { f() }
}

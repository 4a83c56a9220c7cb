// attack: a file that this user can read as a library
// expect: error

#[link(name = "@CANARY@", kind = "static", modifiers = "+verbatim,+whole-archive")]
unsafe extern "C" {
    fn f();
}
fn main() {
    unsafe { f() }
}

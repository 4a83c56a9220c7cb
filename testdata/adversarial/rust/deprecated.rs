// attack: a warning whose text is the program's
// expect: module | error

#[deprecated(note = "error: forged\n --> /etc/passwd:1:1")]
fn f() {}
fn main() {
    f();
}

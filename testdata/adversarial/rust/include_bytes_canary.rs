// attack: include_bytes! of a file that this user can read
// expect: error
// says: couldn't read

static S: &[u8] = include_bytes!("@CANARY@");
fn main() {
    println!("{S:?}");
}

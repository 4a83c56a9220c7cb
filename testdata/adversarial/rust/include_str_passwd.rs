// attack: include_str! of a file of the host
// expect: error
// says: couldn't read

const S: &str = include_str!("/etc/passwd");
fn main() {
    println!("{S}");
}

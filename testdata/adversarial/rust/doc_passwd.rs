// attack: documentation that is a file of the host
// expect: error
// says: couldn't read

#![doc = include_str!("/etc/passwd")]
fn main() {}

// attack: a module whose file is one of the host
// expect: error

#[path = "/etc/passwd"]
mod passwd;
fn main() {}

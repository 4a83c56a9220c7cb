// attack: a module whose file is one that this user can read: its first words would be in the error
// expect: error

#[path = "@CANARY@"]
mod secret;
fn main() {}

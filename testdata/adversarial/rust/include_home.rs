// attack: include_str! of a file below the home folder
// expect: error

fn main() {
    println!("{}", include_str!(concat!(env!("HOME"), "/.bashrc")));
}

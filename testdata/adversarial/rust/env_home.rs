// attack: the home folder in a constant
// expect: module | error

fn main() {
    println!("{}", env!("HOME"));
}

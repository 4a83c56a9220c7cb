// attack: include_str! of a file beside the private folder
// expect: error
// says: couldn't read

fn main() {
    println!("{}", include_str!("../secret.txt"));
}

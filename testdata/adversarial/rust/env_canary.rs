// attack: a variable of the environment of wand
// expect: error
// says: not defined

fn main() {
    println!("{}", env!("WAND_TEST_CANARY"));
}

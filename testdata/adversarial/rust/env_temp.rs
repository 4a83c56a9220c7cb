// attack: the temporary folder in a constant
// expect: module | error

fn main() {
    println!("{:?} {:?} {:?}", option_env!("TMPDIR"), option_env!("TMP"), option_env!("PWD"));
}

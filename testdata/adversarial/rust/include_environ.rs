// attack: include_bytes! of the environment of the compiler
// expect: error
// says: couldn't read

fn main() {
    println!("{:?}", include_bytes!("/proc/self/environ"));
}

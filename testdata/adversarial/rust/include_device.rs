// attack: include_bytes! of a device without an end
// expect: error | stopped

fn main() {
    println!("{:?}", include_bytes!("/dev/zero").len());
}

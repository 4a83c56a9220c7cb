// attack: text that reads as another program
// expect: error

fn main() {
    // ‮ } ⁦if false⁩ ⁦ begin
    println!("x");
}

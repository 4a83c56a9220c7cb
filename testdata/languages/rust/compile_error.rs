fn main() {
    let amounts: Vec<i32> = "none"; // ERROR
    println!("converting {} amounts", amounts.len());
}

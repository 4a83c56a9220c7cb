mod wand;

fn pick(amounts: &[f64], n: usize) -> f64 {
    amounts[n] // ERROR
}

fn main() {
    let input = wand::input();
    let amounts: Vec<f64> = input["amounts"].items().iter().map(|a| a.as_f64()).collect();
    println!("picking");
    wand::result(pick(&amounts, 7));
}

mod wand;
use wand::json;

fn main() {
    let input = wand::input();
    let amounts = &input["amounts"];
    println!("converting {} amounts", amounts.items().len());
    let rate = wand::call("rate", json!({"currency": (&input["currency"])}));
    let sum = wand::call("convert", json!({"amounts": amounts, "rate": rate}));
    wand::result(json!({"currency": (&input["currency"]), "total": (&sum["total"])}));
}

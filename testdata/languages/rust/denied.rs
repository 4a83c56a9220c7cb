mod wand;
use wand::json;

fn main() {
    println!("wiping");
    wand::result(wand::call("wipe", json!({"disk": "c"}))); // ERROR
}

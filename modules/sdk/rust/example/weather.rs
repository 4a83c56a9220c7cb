//! Asks for the weather of several towns side by side, goes on without those that have none, and gives the warmest.
mod wand;
use std::collections::HashMap;
use wand::json;

fn main() {
    let input = wand::input();
    let mut asked = HashMap::new();
    for town in input["towns"].items() {
        asked.insert(wand::start("weather", json!({"town": town})), town.as_str());
    }
    let mut warmest: Option<(&str, f64)> = None;
    while let Some((number, outcome)) = wand::wait() {
        let town = asked[&number];
        match outcome {
            Err(error) => eprintln!("{town}: {}", error.message),
            Ok(value) => {
                let degrees = value["degrees"].as_f64();
                if warmest.is_none_or(|(_, most)| degrees > most) {
                    warmest = Some((town, degrees));
                }
            }
        }
    }
    let (town, degrees) = warmest.expect("a town with weather");
    wand::result(json!({"warmest": town, "degrees": degrees}));
}

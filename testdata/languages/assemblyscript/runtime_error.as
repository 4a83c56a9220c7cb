import * as wand from "./wand";

function pick(amounts: f64[], n: i32): f64 {
  return amounts[n]; // ERROR
}

console.log("picking");
wand.result(pick([1, 2, 3], 6 + wand.input().length));

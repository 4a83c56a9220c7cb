// Asks for the weather of several towns side by side, goes on without those that have none, and gives the warmest.
import * as wand from "./wand";

const towns = wand.input().get("towns");
const asked = new Map<i32, string>();
for (let i = 0; i < towns.length; i++) asked.set(wand.start("weather", wand.object().set("town", towns.at(i))), towns.at(i).text());

let warmest = "";
let most = 0.0;
for (let outcome = wand.wait(); outcome != null; outcome = wand.wait()) {
  const town = asked.get(outcome.number);
  if (outcome.failed) {
    console.error(town + ": " + outcome.message);
    continue;
  }
  const degrees = outcome.value.get("degrees").number();
  if (warmest == "" || degrees > most) {
    warmest = town;
    most = degrees;
  }
}
wand.result(wand.object().set("warmest", warmest).set("degrees", most));

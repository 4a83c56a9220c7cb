import * as wand from "./wand";

const input = wand.input();
const amounts = input.get("amounts");
console.log("converting " + amounts.length.toString() + " amounts");
const rate = wand.call("rate", wand.object().set("currency", input.get("currency")));
const sum = wand.call("convert", wand.object().set("amounts", amounts).set("rate", rate));
wand.result(wand.object().set("currency", input.get("currency")).set("total", sum.get("total")));

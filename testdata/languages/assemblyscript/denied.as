import * as wand from "./wand";

console.log("wiping");
wand.result(wand.call("wipe", wand.object().set("disk", "c"))); // ERROR

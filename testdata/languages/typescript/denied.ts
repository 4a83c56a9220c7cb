const disk: string = "c";
console.log("wiping");
var result = await tools.wipe({ disk }); // ERROR

console.log("wiping");
var result = await tools.wipe({ disk: "c" }); // ERROR

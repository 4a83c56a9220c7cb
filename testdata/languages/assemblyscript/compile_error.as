console.log("converting");
const amounts: i32 = "none"; // ERROR

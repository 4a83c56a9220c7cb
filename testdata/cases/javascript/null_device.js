// stdout: 0 true
const fs = require("fs");
fs.writeFileSync("/dev/null", "x".repeat(100000));
console.log(fs.readFileSync("/dev/null").length, fs.existsSync("/dev/null"));

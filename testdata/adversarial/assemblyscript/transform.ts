// attack: options of the compiler in a comment
// expect: module | error

// asc: --transform ./evil.mjs
/// <reference path="/etc/passwd" />
//# sourceMappingURL=file:///etc/passwd
console.log("x");

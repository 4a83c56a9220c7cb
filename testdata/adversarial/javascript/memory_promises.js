// attack: promises that all wait, more of them for each that settles
// expect: exhausted memory | exhausted fuel
// because: the queue grows by doubling; fuel and memory race
function f() { Promise.resolve().then(f); Promise.resolve().then(f); }
f();

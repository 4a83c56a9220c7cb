// attack: compile text for ever
// expect: exhausted fuel
for (let i = 0; ; i++) eval(`(function f${i}() { return [${i}, (x) => x * ${i}]; })()`);

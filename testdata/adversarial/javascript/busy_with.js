// attack: sloppy mode's with statement over a proxy that has every name, in a loop
// expect: exhausted fuel
const everything = new Proxy({}, { has: (t, k) => k !== Symbol.unscopables, get: () => 1 });
new Function('o', 'with (o) { for (;;) { a = b + c; } }')(everything);

// stdout: <ref *1> {
// stdout:   name: 'a',
// stdout:   list: [ [Circular *1], { back: [Circular *1] } ],
// stdout:   self: [Circular *1]
// stdout: }
// stdout: [
// stdout:   <ref *1> Map(1) { 'me' => [Circular *1] },
// stdout:   <ref *1> Map(1) { 'me' => [Circular *1] }
// stdout: ]

const a = { name: 'a', list: [] };
a.self = a;
a.list.push(a, { back: a });
console.log(a);
const m = new Map();
m.set('me', m);
console.log([m, m]);

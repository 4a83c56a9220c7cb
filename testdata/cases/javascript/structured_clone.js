// stdout: <ref *1> {
// stdout:   d: 1970-01-01T00:00:00.005Z,
// stdout:   m: Map(1) { { n: 1 } => Set(1) { [Object] } },
// stdout:   u: Uint8Array(1) [ 1 ],
// stdout:   r: /x/g,
// stdout:   shared: { n: 1 },
// stdout:   self: [Circular *1]
// stdout: } true true true
// stdout: DataCloneError 25 true

const shared = { n: 1 };
const value = { d: new Date(5), m: new Map([[shared, new Set([shared])]]), u: new Uint8Array([1]), r: /x/g, shared };
value.self = value;
const copy = structuredClone(value);
console.log(copy, copy.self === copy, copy.shared !== shared, [...copy.m.keys()][0] === copy.shared);
try { structuredClone({ f() {} }); } catch (e) { console.log(e.name, e.code, e instanceof DOMException); }

// stdout: 1970-01-01T00:00:00.000Z /x+/gi Uint8Array(2) [ 1, 2 ] ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 } <Buffer 68 69> Float64Array(2) [ 0, 0 ]
// stdout: Promise { 1 } Promise { <pending> } WeakMap { <items unknown> } [AsyncFunction (anonymous)] [GeneratorFunction: g] [Function: max] true
// stdout: [Number: 3] [String: 's'] [BigInt: 1n] { a: 1 } quiet

console.log(new Date(0), /x+/gi, new Uint8Array([1, 2]), new ArrayBuffer(2), Buffer.from('hi'), new Float64Array(2));
console.log(Promise.resolve(1), new Promise(() => {}), new WeakMap(), async () => {}, function* g() {}, Math.max, globalThis === global);
console.log(new Number(3), new String('s'), Object(1n), new Proxy({ a: 1 }, {}), new Error('quiet').message);

// stdout: sync
// stdout: async start
// stdout: sync end
// stdout: tick
// stdout: promise
// stdout: microtask
// stdout: async end
// stdout: late tick
// stdout: timeout

console.log('sync');
setTimeout(() => console.log('timeout'), 0);
Promise.resolve().then(() => console.log('promise')).then(() => process.nextTick(() => console.log('late tick')));
process.nextTick(() => console.log('tick'));
queueMicrotask(() => console.log('microtask'));
(async () => { console.log('async start'); await null; console.log('async end'); })();
console.log('sync end');

// attack: block the only thread there is
// expect: failed exception | exhausted deadline
// because: a main thread may not block; where it may, the deadline holds
// limits: deadline=500ms
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e9);

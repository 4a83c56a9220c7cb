// stderr: Assertion failed: one is not two
// stdout: still here

console.assert(1 === 2, 'one is not two');
console.error('to stderr');
console.log('still here');

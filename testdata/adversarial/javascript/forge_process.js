// attack: replace process, its emit and its exit code
// expect: failed exception Error
const error = new Error('the truth');
process.emit = process.listenerCount = () => 1;
process.exit = () => {};
globalThis.process = { exitCode: 0, emit() { return true; }, listenerCount() { return 5; } };
throw error;

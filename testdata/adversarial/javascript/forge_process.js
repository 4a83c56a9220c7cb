// attack: replace process, its emit and its exit code
// expect: completed | failed exception Error
// because: in Node a program that replaces process.emit handles its own exceptions; a guest may do the same
const error = new Error('the truth');
process.emit = process.listenerCount = () => 1;
process.exit = () => {};
globalThis.process = { exitCode: 0, emit() { return true; }, listenerCount() { return 5; } };
throw error;

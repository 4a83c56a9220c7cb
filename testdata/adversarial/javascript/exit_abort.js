// attack: abort the process
// expect: failed exit | failed trap
// because: abort is a signal elsewhere; here the guest chooses
process.abort();

// attack: an error whose message is larger than the output limit
// expect: failed exception Error | exhausted output
// because: the message is printed to standard error, whose limit holds for it too
// limits: fuel=4G
throw new Error('x'.repeat(1e7));

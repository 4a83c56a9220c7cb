// attack: an error whose message is larger than the output limit
// expect: failed exception Error
// limits: fuel=1G
throw new Error('x'.repeat(1e7));

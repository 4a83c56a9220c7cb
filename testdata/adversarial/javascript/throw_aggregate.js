// attack: an aggregate of 100,000 errors
// expect: failed exception AggregateError | exhausted output
// because: printing all of them is more than the output limit
// limits: fuel=8G
throw new AggregateError(Array.from({ length: 100000 }, (_, i) => new RangeError(`${i}`)), 'many');

// attack: replace the iterators behind spread and for-of by endless ones, then succeed
// expect: completed
// result: 42
const forever = function* () { for (;;) yield 1; };
Array.prototype[Symbol.iterator] = Map.prototype[Symbol.iterator] = Set.prototype[Symbol.iterator] = String.prototype[Symbol.iterator] = forever;
42;

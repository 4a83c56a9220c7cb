// status: failed
// error: InternalError: the program replaced built-in functions...

Array.prototype.push = () => { throw new Error('mine'); };
Map.prototype.get = null;

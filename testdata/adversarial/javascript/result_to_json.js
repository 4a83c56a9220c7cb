// attack: a toJSON that returns ever new objects with a toJSON
// expect: completed
// never: FORGED
({ toJSON() { return { status: 'FOR' + 'GED', again: this }; }, x: 1 });

// attack: a result whose getter throws
// expect: completed
({ get x() { throw new Error('no'); }, y: 1 });

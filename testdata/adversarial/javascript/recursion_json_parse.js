// attack: JSON nested a million deep
// expect: failed exception | completed
// because: a parser with its own stack accepts it
JSON.parse('['.repeat(1e6) + ']'.repeat(1e6)).length;

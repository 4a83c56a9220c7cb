// attack: JSON nested a million deep
// expect: failed exception | completed
// because: a parser with its own stack accepts it
// limits: fuel=4G memory=256MiB
JSON.parse('['.repeat(1e6) + ']'.repeat(1e6)).length;

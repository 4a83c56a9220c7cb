// attack: an array of four billion holes as the result
// expect: completed | exhausted fuel | exhausted memory
// because: written out it is twenty gigabytes of null
new Array(2 ** 32 - 1);

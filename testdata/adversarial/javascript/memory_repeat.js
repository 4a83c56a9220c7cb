// attack: a string of a billion characters
// expect: exhausted memory
'a'.repeat(2 ** 30);

// attack: a string of a billion characters
// expect: exhausted memory | failed exception RangeError
// because: the language has a maximum length for strings, and a RangeError for it
'a'.repeat(2 ** 30);

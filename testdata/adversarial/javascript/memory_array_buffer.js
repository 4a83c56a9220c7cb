// attack: a buffer of a terabyte
// expect: exhausted memory | failed exception RangeError
// because: the language refuses the length before any memory is asked for
new ArrayBuffer(2 ** 40);

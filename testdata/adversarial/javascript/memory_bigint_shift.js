// attack: an integer of a billion bits
// expect: exhausted memory | failed exception RangeError
// because: the engine has a maximum size for integers
1n << 1000000000n;

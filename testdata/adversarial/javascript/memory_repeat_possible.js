// attack: a string that a 32-bit memory could hold, and the limit does not
// expect: exhausted memory
'a'.repeat(2 ** 29);

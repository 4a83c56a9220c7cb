// attack: padding to half a billion
// expect: exhausted memory
'x'.padEnd(2 ** 29, 'abc');

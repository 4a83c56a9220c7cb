// attack: a SyntaxError made by hand, to pass for a program that never started
// expect: failed exception SyntaxError
const e = new SyntaxError('fake');
e.fileName = 'main.js';
e.lineNumber = 1;
throw e;

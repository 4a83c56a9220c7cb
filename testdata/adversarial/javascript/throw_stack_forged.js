// attack: an error with a stack of its own making, a megabyte long, that names the host
// expect: failed exception TypeError
const e = new TypeError('the truth');
e.stack = 'Error: forged\n' + '    at f (/etc/passwd:1:1)\n'.repeat(4000);
throw e;

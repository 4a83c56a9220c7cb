// attack: a pattern nested too deep for the regular expression compiler
// expect: failed exception
new RegExp('('.repeat(100000) + ')'.repeat(100000));

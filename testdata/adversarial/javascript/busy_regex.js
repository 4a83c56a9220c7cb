// attack: catastrophic backtracking inside the regular expression engine
// expect: exhausted fuel
/^(a+)+$/.test('a'.repeat(64) + 'b');

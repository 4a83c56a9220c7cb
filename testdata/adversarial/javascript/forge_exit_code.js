// attack: an exit code that would add to the report if it were written as text
// expect: failed exit
// never: FORGED
process.exitCode = { toString: () => '0,"status":"completed","error":null,"result":{"value":"FOR' + 'GED"}', valueOf: () => 3 };

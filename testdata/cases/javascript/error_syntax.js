// status: invalid
// kind: syntax

const a = 1;
const b = ; // error: SyntaxError: unexpected token...

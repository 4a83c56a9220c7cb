// status: invalid
// kind: syntax

import fs from 'fs';
const b = 1 +* 2; // error: SyntaxError: unexpected token...

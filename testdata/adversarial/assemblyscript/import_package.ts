// attack: a package of the host
// expect: error
// says: not found

import { x } from "typescript";
x;

// attack: a file that imports itself
// expect: module | error

import * as self from "./main";
export const x = 1;

// attack: a file beside the private folder
// expect: error
// says: not found

import { x } from "../secret";
x;

// attack: a file with its extension
// expect: error
// says: not found

import { x } from "../secret.txt";
x;

// attack: the library of the compiler by a path out of it
// expect: error

import { x } from "~lib/../../../package";
x;

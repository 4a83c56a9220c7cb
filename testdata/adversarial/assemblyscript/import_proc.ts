// attack: the environment of the compiler as a module
// expect: error
// says: not found

import "/proc/self/environ";

// attack: a file that this user can read as a module: its first words would be in the error
// expect: error
// says: not found

import * as secret from "@CANARY@";
secret;

// attack: a file of the host as a module
// expect: error
// says: not found

import "/etc/passwd";

// attack: imports a file as a header unit
// expect: error
import "/etc/passwd";
int main() { return 0; }

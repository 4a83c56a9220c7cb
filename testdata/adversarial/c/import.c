// attack: imports a file
// expect: error
#import "/etc/passwd"
int main(void) { return 0; }

// attack: asks for the next file of that name
// expect: error
#include_next "/etc/passwd"
int main(void) { return 0; }

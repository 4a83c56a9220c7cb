// attack: includes a file of the host, whose first line would be in the message
// expect: error
// says: file not found
#include "/etc/passwd"
int main(void) { return 0; }

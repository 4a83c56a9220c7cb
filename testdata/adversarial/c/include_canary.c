// attack: includes a file of the same user
// expect: error
#include "@CANARY@"
int main(void) { return 0; }

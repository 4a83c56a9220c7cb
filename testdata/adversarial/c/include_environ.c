// attack: includes the environment of the process
// expect: error
#include "/proc/self/environ"
int main(void) { return 0; }

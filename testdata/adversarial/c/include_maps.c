// attack: includes the memory map of the process
// expect: error
#include "/proc/self/maps"
int main(void) { return 0; }

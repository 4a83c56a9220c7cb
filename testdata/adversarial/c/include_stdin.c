// attack: includes standard input
// expect: error | module
#include "/dev/stdin"
int main(void) { return 0; }

// attack: includes a device without an end
// expect: error
#include "/dev/zero"
int main(void) { return 0; }

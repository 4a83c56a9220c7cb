// attack: includes a file that only root may read
// expect: error
#include </etc/shadow>
int main(void) { return 0; }

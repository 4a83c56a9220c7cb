// attack: climbs out of the private folder
// expect: error
#include "../../../../../../../etc/passwd"
int main(void) { return 0; }

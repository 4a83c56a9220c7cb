// attack: asks where it is compiled
// expect: module
#include <stdio.h>
int main(void) { puts(__FILE__ " " __BASE_FILE__ " " __FILE_NAME__); return 0; }

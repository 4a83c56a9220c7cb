// attack: makes a message of megabytes
// expect: error
// expand: WORD 1000000 "abcdef"
#error @@WORD@@
int main(void) { return 0; }

// attack: has a name of megabytes
// expect: error | module
// expand: WORD 500000 "abcdef"
int @@WORD@@;
int main(void) { return nowhere; }

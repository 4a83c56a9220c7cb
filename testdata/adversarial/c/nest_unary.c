// attack: nests operators that no limit counts
// expect: error | stopped | module
// expand: NOT 200000 "!"
int main(void) { return @@NOT@@1; }

// attack: has a line number beyond all lines
// expect: error
#line 2147483647
int main(void) { return nowhere; }

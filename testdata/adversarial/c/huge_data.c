// attack: has a gigabyte of initialised data
// expect: stopped | error | module
char x[1 << 30] = {1};
int main(void) { return x[0]; }

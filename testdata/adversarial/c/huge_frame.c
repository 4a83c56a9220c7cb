// attack: has a frame of a gigabyte
// expect: module | error
int main(void) { volatile char x[1 << 30]; x[0] = 1; return x[5]; }

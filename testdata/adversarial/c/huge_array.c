// attack: declares an array of a terabyte
// expect: error
char x[1LL << 40];
int main(void) { return x[0]; }

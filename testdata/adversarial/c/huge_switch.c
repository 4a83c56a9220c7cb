// attack: has a case for every number
// expect: error | stopped | module
int main(int c, char **v) { switch (c) { case 0 ... 2000000000: return 1; } return 0; }

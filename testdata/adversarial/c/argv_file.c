// attack: is named like an option
// expect: module
int main(void) { return 0; }

// attack: imports a module of the compiler
// expect: error | module
#pragma clang module import passwd
int main(void) { return 0; }

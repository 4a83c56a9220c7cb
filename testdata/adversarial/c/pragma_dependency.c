// attack: compares its age with that of a file
// expect: error | module
#pragma GCC dependency "/etc/passwd" is newer
int main(void) { return 0; }

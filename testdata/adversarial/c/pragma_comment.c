// attack: names libraries and options for the linker
// expect: module | error
#pragma comment(lib, "/etc/passwd")
#pragma comment(linker, "--export-all")
int main(void) { return 0; }

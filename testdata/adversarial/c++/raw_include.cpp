// attack: includes a file of the host where there is one
// expect: module
#if __has_include("/etc/passwd")
#include "/etc/passwd"
#endif
int main() { return 0; }

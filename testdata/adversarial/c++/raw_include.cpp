// attack: includes a file of the host through has_include
// expect: module | error
#if __has_include("/etc/passwd")
#include "/etc/passwd"
#endif
int main() { return 0; }

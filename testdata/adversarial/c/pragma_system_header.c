// attack: calls itself a header of the system, whose warnings are not shown
// expect: error
#pragma GCC system_header
int main(void) { return nowhere; }

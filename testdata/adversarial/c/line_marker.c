// attack: has the marks of a preprocessor
// expect: error
// says: undeclared
# 1 "/etc/passwd" 1
int main(void) { return nowhere; }
# 2 "main.c" 2

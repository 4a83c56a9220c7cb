// attack: calls its lines those of a file of the host, so that a message quotes that
// expect: error
// says: undeclared
#line 1 "/etc/passwd"
int main(void) { return nowhere; }

// attack: makes a message of each line
// expect: error | stopped
// expand: LINE 100000 "int x{i} = nowhere{i};\n"
@@LINE@@
int main(void) { return 0; }

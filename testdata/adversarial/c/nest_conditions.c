// attack: nests conditions of the preprocessor
// expect: error | module
// expand: IF 100000 "#if 1\n"
// expand: END 100000 "#endif\n"
@@IF@@
@@END@@
int main(void) { return 0; }

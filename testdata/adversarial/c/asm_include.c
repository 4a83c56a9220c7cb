// attack: has the assembler read a file, and complain about each line of it
// expect: error
__asm__(".include \"/etc/passwd\"\n");
int main(void) { return 0; }

// attack: has the assembler put a file into the module
// expect: error
__asm__(".section .data.text,\"\",@\ntext:\n.incbin \"/etc/passwd\"\n");
int main(void) { return 0; }

// attack: has the assembler put a file of the same user into the module
// expect: error
__asm__(".section .data.text,\"\",@\n.incbin \"@CANARY@\"\n");
int main(void) { return 0; }

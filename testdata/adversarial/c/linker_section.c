// attack: writes sections that the linker reads as options
// expect: module | error
__asm__(".section .custom_section.linking,\"\",@\n.ascii \"--export-all\"\n");
int main(void) { return 0; }

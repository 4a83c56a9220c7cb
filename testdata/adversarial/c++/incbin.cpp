// attack: has the assembler put a file into a function
// expect: error
int main() { asm volatile(".incbin \"/etc/passwd\""); return 0; }

// attack: a file of the host through the assembler
// expect: error

std::arch::global_asm!(".incbin \"/etc/passwd\"");
fn main() {}

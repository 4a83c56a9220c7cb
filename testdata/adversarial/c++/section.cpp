// attack: names a section of the module like those of the toolchain
// expect: module | error
__attribute__((section("producers"))) int x = 1;
int main() { return x; }

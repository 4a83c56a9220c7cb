// attack: nests blocks without an end
// expect: error | stopped
// says: nesting
// expand: OPEN 100000 "{"
// expand: CLOSE 100000 "}"
int main(void) { @@OPEN@@ @@CLOSE@@ return 0; }

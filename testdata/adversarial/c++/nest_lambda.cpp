// attack: nests lambdas
// expect: error | stopped | module
// expand: OPEN 3000 "[]{"
// expand: CLOSE 3000 "}();"
int main() { @@OPEN@@ @@CLOSE@@ return 0; }

// attack: computes without an end while it is compiled
// expect: error | stopped
constexpr int f() { int n = 0; while (true) n ^= 1; return n; }
static_assert(f() == 0);
int main() {}

// attack: recurses while it is compiled
// expect: error
constexpr int f(int n) { return f(n + 1); }
static_assert(f(0) == 0);
int main() {}

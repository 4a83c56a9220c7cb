// attack: allocates while it is compiled
// expect: error | stopped
#include <vector>
constexpr unsigned long f() { std::vector<char> v; for (int i = 0; i < 30; i++) v.resize(1ul << i); return v.size(); }
static_assert(f() == 0);
int main() {}

#include <vector>

int main() {
    std::vector<unsigned> n(1);
    for (;;) *const_cast<volatile unsigned *>(&n[0]) += 1;
}

// attack: makes a pack of ten million numbers
// expect: stopped | error
#include <utility>
template <int... I> constexpr long sum(std::integer_sequence<int, I...>) { return (0L + ... + I); }
int main() { return sum(std::make_integer_sequence<int, 10000000>{}) != 0; }

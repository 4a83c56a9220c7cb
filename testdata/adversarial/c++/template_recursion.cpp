// attack: instantiates a template without an end
// expect: error | stopped
// says: recursive template instantiation
template <int N> struct A { static constexpr int value = A<N + 1>::value; };
int main() { return A<0>::value; }

// attack: doubles the instantiations with each level
// expect: stopped | error
template <int N, unsigned long P> struct A { static constexpr unsigned long value = A<N - 1, P * 2>::value + A<N - 1, P * 2 + 1>::value; };
template <unsigned long P> struct A<0, P> { static constexpr unsigned long value = P; };
int main() { return A<40, 0>::value != 0; }

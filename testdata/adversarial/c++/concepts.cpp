// attack: has a constraint that depends on itself
// expect: error
template <class T> concept C = requires(T t) { g(t); };
struct S {};
template <C T> void g(T);
int main() { g(S{}); }

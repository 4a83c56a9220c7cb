// attack: makes a message of a template as long as a book
// expect: error | stopped
template <class... T> struct A { static_assert(sizeof...(T) == 0); using next = A<T..., A<T...>>; };
int main() { A<int>::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next::next x; }

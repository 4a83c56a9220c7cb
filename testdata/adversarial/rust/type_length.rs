// attack: a type whose name has gigabytes
// expect: error | stopped

type A<T> = (T, T, T, T);
type B<T> = A<A<A<A<T>>>>;
type C<T> = B<B<B<B<T>>>>;
fn name<T>() -> &'static str {
    std::any::type_name::<T>()
}
fn main() {
    println!("{}", name::<C<u8>>());
}

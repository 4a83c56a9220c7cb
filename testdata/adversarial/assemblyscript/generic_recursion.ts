// attack: a class of ever larger types
// expect: error | stopped

class A<T> {
  next: A<A<T>> | null = null;
  get(): A<A<T>> | null { return this.next; }
}
console.log(new A<i32>().get() == null ? "x" : "y");

// Doubly recursive Fibonacci: nothing but calls.
#include <stdint.h>

static __attribute__((noinline)) int64_t fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

__attribute__((export_name("kernel"))) int64_t kernel(int n) { return fib(n); }

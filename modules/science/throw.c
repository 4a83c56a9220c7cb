/* What C++ code of an extension module calls to throw. There are no exceptions in WebAssembly as it is used here, and numpy's C++ throws only when memory is
   out or it was called wrongly, so that the program ends; nothing is left half done, because nothing of the instance is used again. */
#include <stdio.h>
#include <stdlib.h>

void *__cxa_allocate_exception(size_t size) { return malloc(size); }

void __cxa_free_exception(void *exception) { free(exception); }

_Noreturn void __cxa_throw(void *exception, void *type, void (*destroy)(void *))
{
    fputs("C++ code of an extension module failed, probably because memory is out\n", stderr);
    abort();
}

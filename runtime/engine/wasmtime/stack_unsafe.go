//go:build wasmtime && cgo

package wasmtime

/*
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

static int set_default_stack(size_t bytes) {
#ifdef __linux__
	pthread_attr_t attr;
	int e = pthread_attr_init(&attr);
	if (e) return e;
	e = pthread_attr_setstacksize(&attr, bytes);
	if (!e) e = pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
	return e;
#else
	return ENOSYS;
#endif
}

static size_t stack_of_thread(void) {
#ifdef __linux__
	pthread_attr_t attr;
	size_t bytes = 0;
	void *low;
	if (pthread_getattr_np(pthread_self(), &attr)) return 0;
	if (pthread_attr_getstack(&attr, &low, &bytes)) bytes = 0;
	pthread_attr_destroy(&attr);
	return bytes;
#else
	return 0;
#endif
}
*/
import "C"

import "syscall"

// setDefaultStack sets the stack of threads that the process makes from now on.
func setDefaultStack(bytes int) error {
	if e := C.set_default_stack(C.size_t(bytes)); e != 0 {
		return syscall.Errno(e)
	}
	return nil
}

// stackOfThread is the size of this thread's stack, in bytes; 0 when the system does not say.
func stackOfThread() int { return int(C.stack_of_thread()) }

# attack: CPython's own crash tests: a null pointer read and a C stack overflow
# expect: failed trap | failed exception AttributeError | exhausted call_depth | failed exception ImportError | failed exit
# because: the guest may be built without faulthandler; address 0 is ordinary memory in wasm, so the read may not fault
import faulthandler
for name in ("_sigsegv", "_sigabrt", "_fatal_error_c_thread", "_stack_overflow", "_read_null"):
    f = getattr(faulthandler, name, None)
    if f is not None:
        f()
raise AttributeError("no way to crash")

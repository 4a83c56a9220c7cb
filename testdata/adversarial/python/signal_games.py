# attack: handlers that swallow signals, and signals to itself
# expect: completed | failed exit | failed trap | failed exception ValueError
# because: raise() of an unhandled signal ends a C program by abort; with a handler in place it must not
import signal
for name in ("SIGINT", "SIGTERM", "SIGABRT", "SIGSEGV", "SIGALRM"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), lambda *a: None)
        signal.raise_signal(getattr(signal, name))

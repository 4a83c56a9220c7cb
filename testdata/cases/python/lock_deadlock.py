import threading

lock = threading.Lock()
with lock:
    lock.acquire()  # error: RuntimeError: deadlock: this would wait for ever...

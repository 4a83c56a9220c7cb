import threading

threading.Thread(target=print).start()  # error: RuntimeError: threads are not available in this sandbox; use asyncio or call the function directly

# attack: threads without end
# expect: failed exception RuntimeError
import threading
while True:
    threading.Thread(target=lambda: None).start()

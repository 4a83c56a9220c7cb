# attack: poll standard input in a loop, with no input to come
# expect: exhausted deadline | exhausted fuel | failed exception EOFError | failed exception OSError | failed exception AttributeError
# because: an empty stream may count as readable at once, as it does on other systems
# limits: fuel=300M deadline=1s
import select
p = select.poll()
p.register(0, select.POLLIN)
while True:
    p.poll(100000)

# attack: waiting for a moment that never comes by asking the clock in a loop
# expect: exhausted fuel | exhausted deadline
# because: a clock call costs little fuel but real time, so which limit is first depends on the machine
# limits: fuel=400M deadline=3s
import time
while time.perf_counter() < 1e12:
    pass

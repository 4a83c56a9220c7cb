# attack: sleeps of no length, without end
# expect: exhausted fuel | exhausted deadline
# because: each costs little fuel and a host call's time
# limits: fuel=300M deadline=2s
import time
while True:
    time.sleep(0)

# attack: kill everything that a number can name
# expect: completed
# result: []
import os
import signal
done = []
for pid in (0, 1, -1, 42):
    try:
        os.kill(pid, 9)
        done.append(pid)
    except (AttributeError, OSError):
        pass
try:
    signal.alarm(1)
    done.append("alarm")
except AttributeError:
    pass
done

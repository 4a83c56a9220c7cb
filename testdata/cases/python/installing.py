# stdout: [Errno 95] nothing can be installed from inside this sandbox; import it, and the error says what to use in its place or whom to ask for it
# stdout: [Errno 95] nothing can be installed from inside this sandbox; import it, and the error says what to use in its place or whom to ask for it
# stdout: [Errno 95] processes are not available in this sandbox; do it in Python, or call a host function (import tools)
import os
import subprocess
import sys

for attempt in (
    lambda: subprocess.check_call([sys.executable, "-m", "pip", "install", "seaborn"]),
    lambda: os.system("pip install seaborn"),
    lambda: subprocess.run("ls", shell=True),
):
    try:
        attempt()
    except OSError as e:
        print(e)

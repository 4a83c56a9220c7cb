import subprocess

subprocess.run(["ls"])  # error: OSError: [Errno 95] processes are not available in this sandbox; do it in Python, or call a host function (import tools)

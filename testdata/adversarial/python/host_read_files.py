# attack: read what a host has: accounts, the process's environment, devices, keys
# expect: completed
# result: []
found = []
for path in ["/etc/passwd", "/etc/shadow", "/etc/hosts", "/proc/self/environ", "/proc/self/maps", "/proc/1/cmdline", "/proc/cpuinfo", "/sys/class/net",
             "/dev/zero", "/dev/random", "/dev/kmsg", "/dev/mem", "/root/.ssh/id_rsa", "/var/run/docker.sock", "/home", "/root", "C:\\Windows\\win.ini"]:
    try:
        with open(path, "rb") as f:
            found.append([path, len(f.read(100))])
    except OSError:
        pass
found

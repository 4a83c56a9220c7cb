# attack: folders inside folders without end
# expect: exhausted storage | failed exception OSError | failed exception FileNotFoundError
# because: a path has a length limit of its own (ENAMETOOLONG), which wasi-libc and the filesystem each set
# limits: storage=1MiB fuel=4G
import os
while True:
    os.mkdir("d")
    os.chdir("d")

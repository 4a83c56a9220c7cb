# attack: a chain of links each of which stands for the one before twice over
# expect: failed exception OSError | failed exception NotImplementedError | failed exception AttributeError | exhausted storage
# because: as for a cycle
import os
os.makedirs("d0")
for i in range(1, 64):
    os.symlink(f"d{i - 1}/../d{i - 1}", f"d{i}")
os.listdir("d63")
raise OSError("resolved all of it")

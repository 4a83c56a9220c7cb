# stdout: /work
# stdout: ['first', 'second']
# stdout: ['a.txt', 'sub']
# stdout: False True
# wrote: /work/sub/b.txt
import os
import pathlib

print(os.getcwd())
with open("a.txt", "w") as file:
    file.write("first\nsecond\n")
print(pathlib.Path("a.txt").read_text().splitlines())
os.makedirs("sub")
os.rename("a.txt", "sub/a.txt")
with open("sub/b.txt", "ab") as file:
    file.write(b"\x00")
os.replace("sub/a.txt", "a.txt")
print(sorted(os.listdir(".")))
os.remove("a.txt")
print(os.path.exists("a.txt"), pathlib.Path("sub/b.txt").stat().st_size == 1)

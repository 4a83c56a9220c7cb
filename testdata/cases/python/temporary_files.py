# stdout: b'data' True
import os
import tempfile

with tempfile.NamedTemporaryFile(delete=False) as file:
    file.write(b"data")
with open(file.name, "rb") as again:
    data = again.read()
with tempfile.TemporaryDirectory() as folder:
    there = os.path.isdir(folder)
print(data, there and not os.path.exists(folder))

# stdout: True True True True True
import bz2
import gzip
import io
import lzma
import zipfile
import zlib

data = b"wand " * 1000
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
    file.writestr("a.txt", data)
print(*(module.decompress(module.compress(data)) == data for module in (zlib, gzip, bz2, lzma)), zipfile.ZipFile(archive).read("a.txt") == data)

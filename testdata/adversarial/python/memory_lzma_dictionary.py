# attack: an lzma header that asks for a dictionary of 4 GiB, around no data at all
# expect: failed exception LZMAError | exhausted memory | failed exception EOFError
# because: liblzma allocates the dictionary lazily in some versions
import lzma
lzma.LZMADecompressor(format=lzma.FORMAT_ALONE).decompress(b"\x5d\xff\xff\xff\xff" + b"\xff" * 8 + b"\x00" * 64)
raise EOFError("nothing was decompressed")

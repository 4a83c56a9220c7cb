# attack: a deflate bomb: 1 MiB that decompresses to 1 GiB
# expect: exhausted memory
# limits: fuel=4G
import zlib
c = zlib.compressobj(9, zlib.DEFLATED, -15)
block = c.compress(bytes(1 << 20)) + c.flush(zlib.Z_FULL_FLUSH)
zlib.decompress(block * 1024, -15)

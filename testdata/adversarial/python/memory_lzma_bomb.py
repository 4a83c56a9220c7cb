# attack: concatenated xz streams
# expect: exhausted memory
# limits: fuel=4G
import lzma
lzma.decompress(lzma.compress(bytes(1 << 22), preset=0) * 512)

# attack: concatenated bz2 streams, each 45 bytes for a megabyte
# expect: exhausted memory
# limits: fuel=4G
import bz2
bz2.decompress(bz2.compress(bytes(1 << 20)) * 2048)

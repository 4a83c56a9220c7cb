# attack: many small gzip members, one after another
# expect: exhausted memory
# limits: fuel=4G
import gzip
gzip.decompress(gzip.compress(bytes(4 << 20)) * 512)

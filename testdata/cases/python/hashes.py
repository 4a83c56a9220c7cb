# stdout: 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
# stdout: 9dd4e461268c8034f5c8564e155c67a6 sha3 64
import hashlib
import hmac

print(hashlib.sha256(b"x").hexdigest())
print(hashlib.new("md5", b"x").hexdigest(), "sha3", len(hmac.new(b"k", b"m", hashlib.sha3_256).hexdigest()))

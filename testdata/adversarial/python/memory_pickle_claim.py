# attack: a pickle that claims a string of 2**62 bytes
# expect: failed exception OverflowError | failed exception UnpicklingError | exhausted memory
# because: C checks the size before it looks at the data
import pickle
pickle.loads(b"\x80\x04\x8d" + (1 << 62).to_bytes(8, "little") + b"x.")

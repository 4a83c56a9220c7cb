# attack: the classic pickle: os.system by way of reduce
# expect: failed exception AttributeError | failed exception OSError | failed exception ModuleNotFoundError | failed exception ImportError
# because: what is missing first depends on which module the guest leaves out
import pickle
pickle.loads(b"cposix\nsystem\n(S'true'\ntR.")

# attack: abort the interpreter
# expect: failed trap | failed exit | failed exception AttributeError
# because: wasi-libc's abort is an unreachable instruction; a guest may leave the function out
import os
os.abort()

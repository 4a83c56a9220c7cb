# attack: marshal data cut short, twisted and nested
# expect: failed exception | failed trap | exhausted memory | completed
# because: marshal is documented not to be safe against this; inside the guest it may trap
import marshal
good = bytearray(marshal.dumps(compile("def f(x):\n return [x, {1: (2, 'a')}]\n", "x", "exec")))
for i in range(len(good)):
    for value in (0, 1, 0x7F, 0xFF, ord("("), ord("["), ord("c")):
        bad = bytearray(good)
        bad[i] = value
        try:
            marshal.loads(bytes(bad))
        except Exception:
            pass
try:
    marshal.loads(b"(" + b"\xff\xff\xff\x7f")
except Exception:
    pass
marshal.loads(b"[\x01\x00\x00\x00" * 100000)

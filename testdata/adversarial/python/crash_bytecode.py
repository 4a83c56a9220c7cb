# attack: bytecode that no compiler made, which reads and writes outside the frame
# expect: failed trap | failed exception | exhausted fuel | exhausted memory | exhausted call_depth | fault internal | completed
# because: what corrupt bytecode does to the interpreter's own memory cannot be foreseen; that the host and the next run are unharmed is what counts
def f():
    return 1
for opcode in range(256):
    code = f.__code__.replace(co_code=bytes([opcode, 255]) * 64, co_stacksize=1, co_consts=(), co_names=())
    try:
        exec(code)
    except Exception:
        pass

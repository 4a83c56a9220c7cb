# attack: code whose line table lies, in functions of the program's own and of its own file name, while the host asks for the line
# expect: exhausted fuel
def f():
    total = 0
    for i in range(1000):
        total += i
    return total
tables = [b'', b'\xff' * 100, b'\x80' * 1000, bytes(range(256)), f.__code__.co_linetable[::-1]]
def broken(table):
    g = type(f)(f.__code__.replace(co_linetable=table, co_filename=f.__code__.co_filename), {})
    try:
        while True:
            g()
            if table != tables[-1]:
                return
    except RecursionError:
        pass
for table in tables:
    broken(table)

# What the interpreter may change in place must be nobody else's: every value that is kept stays what it was.
# stdout: (17175, [1000, 1299, 1599], [16134, 16480, 16827])
# stdout: [1000, 1001, 1002, 1003, 1004] [6000, 7001, 8003, 9006] [11000, 12001, 13003, 14006]
# stdout: [1073741823, 1073741824, 1073741825, 1073741826, 1073741827, 2147483644, 0, 1073741821, 1073741820, 1073741819, 1073741818, 1073741817, 2147483644, 0, -1073741821, -1073741820, -1073741819, -1073741818, -1073741817, -2147483644, 0, -1073741823, -1073741824, -1073741825, -1073741826, -1073741827, -2147483644, 0, 1152921504606846975, 1152921504606846976, 1152921504606846977, 1152921504606846978, 1152921504606846979, 2305843009213693948, 0, 1152921504606846973, 1152921504606846972, 1152921504606846971, 1152921504606846970, 1152921504606846969, 2305843009213693948, 0, -1152921504606846973, -1152921504606846972, -1152921504606846971, -1152921504606846970, -1152921504606846969, -2305843009213693948, 0, -1152921504606846975, -1152921504606846976, -1152921504606846977, -1152921504606846978, -1152921504606846979, -2305843009213693948, 0, 251, 252, 253, 254, 255, 500, 0, 249, 248, 247, 246, 245, 500, 0, -7, -6, -5, -4, -3, -16, 0, -9, -10, -11, -12, -13, -16, 0, 2147483647, 2147483648, 2147483649, 2147483650, 2147483651, 4294967292, 0, 2147483645, 2147483644, 2147483643, 2147483642, 2147483641, 4294967292, 0, 9223372036854775807, 9223372036854775808, 9223372036854775809, 9223372036854775810, 9223372036854775811, 18446744073709551612, 0, 9223372036854775805, 9223372036854775804, 9223372036854775803, 9223372036854775802, 9223372036854775801, 18446744073709551612, 0]
# stdout: 123457 (1002.5, 1002, 5001, 'int') (107, 112671, 97229)
# stdout: [2, 4, 4, 4]
# stdout: [('call', 0), ('line', 1), ('line', 2), ('line', 3), ('line', 4), ('line', 2), ('line', 3), ('line', 2), ('line', 5), ('return', 5)]
# stdout: [{'total': 2000, 'i': 1000}, {'total': 3001, 'i': 1001}, {'total': 4003, 'i': 1002}]
# stdout: [(0, 1000000), (1000000, 2000001), (2000001, 3000003), (3000003, 4000006), (4000006, 5000010), (5000010, 6000015)]
# stdout: seven 1099511627776 6 False
# stdout: 8 name_8
# stdout: released True 1
# stdout: 6765 None {'x': [1]}
import sys


def kept_by_list(n, step):
    seen = []
    total = 0
    for i in range(0, n * step, step):
        total += i
        seen.append((i, total))
    return seen


def kept_by_name(n):
    total = before = 1000
    olds = []
    for i in range(300, 300 + n):
        before = total
        total += i
        olds.append(before)
        total -= 1
    return total, olds[:3], olds[-3:]


def kept_by_closure():
    functions = []
    for i in range(1000, 1005):
        def f(i=i):
            return i
        functions.append(f)
    return [f() for f in functions]


def cell():
    total = 5000
    def look():
        return total
    values = []
    for i in range(1000, 1004):
        total += i
        values.append(look())
    return values


def generator():
    total = 10_000
    for i in range(1000, 1004):
        total += i
        yield total


def widths():
    # One digit is 30 bits: across its borders, across zero, and to three digits.
    out = []
    for start in (2**30 - 2, -(2**30) + 2, 2**60 - 2, -(2**60) + 2, 250, -8, 2**31 - 2, 2**63 - 2):
        for sign in (1, -1):
            x = start
            for _ in range(5):
                if sign > 0:
                    x += 1
                else:
                    x -= 1
                out.append(x)
            y = start
            y += y
            out.append(y)
            z = start
            z -= z
            out.append(z)
    return out


def constants():
    for _ in range(3):
        x = 123456
        x += 1
        assert x == 123457
    return x


def mixed():
    x = 1000
    x += True
    x += 1.5
    s = "a"
    for s in range(1000, 1003):
        pass
    class Int(int):
        pass
    y = Int(5000)
    y += 1
    return x, s, y, type(y).__name__


def dictionary():
    d = {}
    for i in range(1000, 1100):
        d[i] = i
        i += 7
        d[i] = -i
    return len(d), sum(d), sum(d.values())


def lines():
    found = []
    class Loud:
        def __del__(self):
            found.append(sys._getframe(1).f_lineno - first)
    first = sys._getframe().f_lineno
    i = Loud()
    for i in range(1000, 1003):
        j = Loud()
        j = i
        j += 1
    return found


def traced():
    seen = []
    def tracer(frame, event, arg):
        seen.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer
    def f(n):
        t = 0
        for i in range(1000, 1000 + n):
            if i < 1001:
                t += i
        return t
    f(2)
    f(2)
    sys.settrace(tracer)
    f(2)
    sys.settrace(None)
    return seen


def locals_seen():
    shots = []
    total = 1000
    for i in range(1000, 1003):
        total += i
        shots.append(dict(sys._getframe().f_locals))
        shots[-1].pop("shots")
    return shots


assert kept_by_list(4, 1000) == [(0, 0), (1000, 1000), (2000, 3000), (3000, 6000)]
big = kept_by_list(2000, 1_000_003)
assert all(t == sum(i for i, _ in big[:n + 1]) for n, (_, t) in enumerate(big[:50]))
print(kept_by_name(50))
print(kept_by_closure(), cell(), list(generator()))
print(widths())
print(constants(), mixed(), dictionary())
print(lines())
print(traced())
print(locals_seen())

# The same at module level, where names are globals.
total = 0
seen = []
for i in range(1_000_000, 1_000_006):
    old = total
    total += i
    seen.append((old, total))
print(seen)
for n in range(200):
    globals()[f"name_{n}"] = n
name_7 = "seven"
name_199 = 2**40
del name_8
print(name_7, name_199, name_6, "name_8" in globals())
name_8 = 8
print(name_8, list(globals())[-1])


class Noisy:
    def __del__(self):
        print("released", "noisy" in globals(), noisy)


noisy = Noisy()
noisy = 1


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def nothing():
    pass


def keeps_frame():
    x = [1]
    return sys._getframe()


print(fib(20), nothing(), keeps_frame().f_locals)

# attack: numbers whose own repr and str are pieces of JSON, to break out of the value into the report
# expect: completed
# never: FORGED
inject = lambda self, *a: '1},"status":"' + "FOR" + 'GED","x":{"y":1'
class I(int):
    __repr__ = __str__ = __format__ = inject
class F(float):
    __repr__ = __str__ = __format__ = inject
class S(str):
    __repr__ = __str__ = __format__ = translate = replace = encode = inject
[I(1), F(1.5), S("s"), {S("k"): I(2)}]

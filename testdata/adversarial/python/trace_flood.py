# attack: as many events as fuel can buy, from recursion, generators and exceptions
# expect: exhausted fuel
def gen():
    while True:
        yield 1
def down(n):
    if n: down(n - 1)
    else: raise ValueError(n)
for v in gen():
    try:
        down(500)
    except ValueError:
        pass

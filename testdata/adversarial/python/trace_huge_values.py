# attack: a trace shows values that are large, deep, cyclic, or have numbers and names of a megabyte
# expect: completed
# result: 3
text = 'x' * 10_000_000
number = 1 << 5_000_000
deep = []
for _ in range(20_000): deep = [deep]
cycle = {}
cycle[0] = cycle['self'] = [cycle] * 1000
wide = {i: {j: text for j in range(10)} for i in range(5000)}
class Node: pass
node = Node()
node.next = node
for i in range(300): setattr(node, 'a' * 1000 + str(i), node)
globals()['n' * 1_000_000] = number
globals()['\ud800 "quoted" \\ \n'] = '\ud800\x00\x1f"\\'
for i in range(2000): globals()[f'v{i}'] = i
Huge = type('N' * 100_000, (Node,), {})
h = Huge()
try: raise type('E' * 100_000, (Exception,), {})(text, number)
except Exception: pass
while deep: deep = deep[0]
1 + 2

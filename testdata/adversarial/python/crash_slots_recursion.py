# attack: the deletion of a chain of objects with __slots__, 300,000 links long
# expect: completed | exhausted memory | exhausted call_depth
# because: subtype_dealloc uses the trashcan, a deep chain of mixed types may not
# limits: memory=128MiB fuel=4G
class N:
    __slots__ = ("next",)
head = None
for _ in range(300_000):
    n = N()
    n.next = head
    head = n
del head, n

# stdout: [3, 2, 1] 5
from typing import Protocol, TypedDict

type Pair[T] = tuple[T, T]

class Stack[T]:
    def __init__(self) -> None:
        self.items: list[T] = []

    def push(self, item: T) -> None:
        self.items.append(item)

class Sized(Protocol):
    def __len__(self) -> int: ...

class Movie(TypedDict):
    year: int

stack = Stack[int]()
for n in (1, 2, 3):
    stack.push(n)
print(stack.items[::-1], Movie(year=5)["year"])

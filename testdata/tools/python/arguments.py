# stdout: x 10; x 3; x 4; x 10; value of a; value of b
import tools
from tools import store, search

print(search("x"), search("x", 3), search("x", limit=4), search(query="x"), store.get("a"), tools.store.get(key="b"), sep="; ")

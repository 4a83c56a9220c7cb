# stdout: True True
import copy
import pickle

class Node:
    def __init__(self, value, parent=None):
        self.value, self.parent = value, parent

    def __eq__(self, other):
        return (self.value, self.parent) == (other.value, other.parent)

node = Node(1, Node([2, {"a": (3,)}]))
print(pickle.loads(pickle.dumps(node)) == node, copy.deepcopy(node) == node)

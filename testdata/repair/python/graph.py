import heapq
import json


class Graph:
    def __init__(self):
        self.edges = {}

    def connect(self, source, target, weight):
        self.edges.setdefault(source, []).append((target, weight))
        self.edges.setdefault(target, []).append((source, weight))

    def neighbours(self, node):
        return self.edges[node]


def shortest(graph, start):
    best = {start: 0}
    waiting = [(0, start)]
    while waiting:
        cost, node = heapq.heappop(waiting)
        for target, weight in graph.neighbours(node):
            reached = cost + weight
            if reached < best.get(target, 1000):
                best[target] = reached
                heapq.heappush(waiting, (reached, target))
    return best


def describe(paths):
    lines = []
    for node in sorted(paths):
        lines.append(f"{node}:{paths[node]}")
    return ",".join(lines)


config = json.loads('{"start": "a", "scale": 2, "limits": {"hops": 3}}')
graph = Graph()
for source, target, weight in [("a", "b", 4), ("a", "c", 1), ("c", "b", 2), ("b", "d", 5)]:
    graph.connect(source, target, weight)
paths = shortest(graph, config["start"])
stops = sorted(paths)
route = []
for place in range(len(stops)):
    route.append(stops[place])
scale = 2
scaled = sum(paths.values()) / scale
hops = config["limits"]["hops"]
assert paths == {"a": 0, "b": 3, "c": 1, "d": 8}
assert describe(paths) == "a:0,b:3,c:1,d:8"
assert hops == 3
print(scaled, route)

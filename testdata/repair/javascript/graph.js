const assert = require('assert');

class Graph {
  constructor() {
    this.edges = new Map();
  }

  connect(source, target, weight) {
    this.list(source).push({ target, weight });
    this.list(target).push({ target: source, weight });
  }

  list(node) {
    if (!this.edges.has(node)) {
      this.edges.set(node, []);
    }
    return this.edges.get(node);
  }
}

function shortest(graph, start) {
  const best = { [start]: 0 };
  const waiting = [start];
  while (waiting.length > 0) {
    const node = waiting.shift();
    for (const edge of graph.list(node)) {
      const reached = best[node] + edge.weight;
      if (best[edge.target] === undefined || reached < best[edge.target]) {
        best[edge.target] = reached;
        waiting.push(edge.target);
      }
    }
  }
  return best;
}

function describe(paths) {
  return Object.keys(paths).sort().map((node) => `${node}:${paths[node]}`).join(',');
}

const config = JSON.parse('{"start": "a", "limits": {"hops": 3}, "colours": {"main": "red"}}');
const graph = new Graph();
for (const [source, target, weight] of [['a', 'b', 4], ['a', 'c', 1], ['c', 'b', 2]]) {
  graph.connect(source, target, weight);
}
const paths = shortest(graph, config.start);
const stops = Object.keys(paths);
const route = [];
for (let place = 0; place < stops.length; place++) {
  route.push(stops[place].toUpperCase());
}
const hops = config.limits.hops;
const colour = config.colours.main.toUpperCase();
assert.strictEqual(describe(paths), 'a:0,b:3,c:1');
assert.strictEqual(hops, 3);
assert.strictEqual(colour, 'RED');
assert.strictEqual(route.length, 3);
console.log(route.join('-'));

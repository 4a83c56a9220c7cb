// result: {"a": 1, "self": {"$type": "ref", "repr": "<ref *1> { a: 1, self: [Circular *1] }"}}

const o = { a: 1 };
o.self = o;
o;

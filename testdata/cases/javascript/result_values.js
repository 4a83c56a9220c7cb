// result: {"big": {"$type": "int", "value": "123456789012345678901"}, "nan": {"$type": "float", "value": "nan"}, "zero": {"$type": "float", "value": "-0"}, "set": {"$type": "set", "items": [1, "a"]}, "map": {"$type": "map", "items": [["k", 1], [2, null]]}, "when": {"$type": "datetime", "value": "1970-01-01T00:00:00.000Z"}, "bytes": {"$type": "bytes", "value": "AQID"}, "gone": {"$type": "undefined"}, "point": {"$type": "object", "class": "Point", "fields": {"x": 1}}, "tagged": {"$type": "map", "items": [["$type", "x"]]}}

class Point { constructor(x) { this.x = x; } }
({
  big: 123456789012345678901n, nan: NaN, zero: -0, set: new Set([1, 'a']), map: new Map([['k', 1], [2, null]]), when: new Date(0),
  bytes: new Uint8Array([1, 2, 3]), gone: undefined, point: new Point(1), tagged: { $type: 'x' },
});

// result: {"b": "Yf8=", "d": "1970-01-01T00:00:00.000Z", "l": [null], "m": {"a": 1}, "s": [1], "u": "http://a/b", "z": 0}

tools.echo({ d: new Date(0), b: new Uint8Array([97, 255]), m: new Map([['a', 1]]), s: new Set([1]), u: new URL('http://a/b'), f() {}, n: undefined, z: -0, l: [undefined] });

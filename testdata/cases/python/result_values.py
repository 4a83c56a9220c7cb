# result: {"int": 1, "big": {"$type": "int", "value": "9007199254740992"}, "float": 1.0, "nan": {"$type": "float", "value": "nan"}, "inf": {"$type": "float", "value": "-inf"}, "none": null, "true": true, "text": "é\"\n", "list": [1, [2]], "tuple": {"$type": "tuple", "items": [1, "a"]}, "set": {"$type": "set", "items": [1, 2, 3]}, "bytes": {"$type": "bytes", "value": "AAH/"}, "map": {"$type": "map", "items": [[1, "one"], [{"$type": "tuple", "items": [1, 2]}, "pair"]]}, "complex": {"$type": "complex", "real": 1.0, "imag": -2.5}}
{
    "int": 1, "big": 2**53, "float": 1.0, "nan": float("nan"), "inf": float("-inf"), "none": None, "true": True, "text": 'é"\n',
    "list": [1, [2]], "tuple": (1, "a"), "set": {3, 1, 2}, "bytes": b"\x00\x01\xff", "map": {1: "one", (1, 2): "pair"}, "complex": 1 - 2.5j,
}

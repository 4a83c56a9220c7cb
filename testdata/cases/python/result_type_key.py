# result: {"$type": "map", "items": [["$type", "int"], ["value", 1]]}
{"$type": "int", "value": 1}

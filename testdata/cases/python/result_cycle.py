# result: [1, {"$type": "ref", "repr": "[1, [...]]"}]
loop = [1]
loop.append(loop)
loop

// result: {"sum": 6, "list": [1, 2]}

const list = [1, 2];
({ sum: 6, list });

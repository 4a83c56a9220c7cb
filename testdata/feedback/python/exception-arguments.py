def area(width, height):
    return width * height


def report(sizes):
    return [area(w) for w, h in sizes]


print(report([(1, 2)]))

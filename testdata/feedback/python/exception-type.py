def label(count):
    return "items: " + count


print(label(3))

def pairs(items):
    found = []
    for i in range(len(items)):
        found.append((items[i], items[i + 1]))
    return found


print(pairs([3, 5, 8]))

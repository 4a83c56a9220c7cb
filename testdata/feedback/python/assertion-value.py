def find(text, part):
    return [at for at in range(len(text)) if text[at] == part]


assert find("banana", "x")

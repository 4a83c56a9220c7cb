def parse(rows):
    found = []
    for row in rows:
        try:
            found.append(int(row))
        except Exception:
            pass
    return found


print(parse(["1", "two", None]))

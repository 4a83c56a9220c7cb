import colections

print(colections.Counter("abc"))

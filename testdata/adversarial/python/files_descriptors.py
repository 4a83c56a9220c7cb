# attack: open a file without ever closing it
# expect: failed exception OSError | exhausted storage | exhausted memory
# because: a table of descriptors has a size (EMFILE); where it has none, its memory is counted
held = []
while True:
    held.append(open("f", "wb"))

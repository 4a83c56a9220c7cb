# attack: a list that doubles
# expect: exhausted memory
l = [0]
while True:
    l += l

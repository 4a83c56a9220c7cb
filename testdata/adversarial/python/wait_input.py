# attack: ask for input when there is none
# expect: failed exception EOFError
input("name? ")

# attack: print what cannot be encoded
# expect: failed exception UnicodeEncodeError
print("\ud800")

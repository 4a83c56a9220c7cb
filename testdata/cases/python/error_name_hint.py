# hint: did you mean counter?
counter = 1
print(countr)  # error: NameError: name 'countr' is not defined

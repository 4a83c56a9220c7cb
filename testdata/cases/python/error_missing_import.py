# A module that is loaded before the program starts is still not visible to a program that forgot its import.
# hint: add import math
print(math.pi)  # error: NameError: name 'math' is not defined

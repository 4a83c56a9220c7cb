# value: count = '3'
count = "3"
total = count + 1  # error: TypeError: can only concatenate str (not "int") to str

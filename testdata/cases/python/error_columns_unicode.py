# stderr:     é = "漢字" + None
# stderr:         ~~~~~~~^~~~~~
é = "漢字" + None  # error: TypeError: can only concatenate str (not "NoneType") to str

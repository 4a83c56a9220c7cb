# hint: a run is given an input, which this one was not
print(sum(INPUT["amounts"]))  # error: NameError: name 'INPUT' is not defined

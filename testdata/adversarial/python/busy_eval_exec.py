# attack: compiling and executing text for ever: the time goes into the compiler
# expect: exhausted fuel
while True:
    exec(compile("a = [i * i for i in range(3)]", "x", "exec"))

# attack: a join whose result has ten billion characters, made of little
# expect: exhausted memory
",".join(["x" * 10**6] * 10**4)

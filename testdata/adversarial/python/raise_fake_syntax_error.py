# attack: a SyntaxError made by hand, with absurd positions, to pass for a program that never started
# expect: failed exception SyntaxError
raise SyntaxError("fake", ("/etc/passwd", 2**62, -(2**62), "text" * 1000, 2**70, 0))

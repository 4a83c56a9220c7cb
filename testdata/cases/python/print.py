# stdout: hello
# stdout: 1 2 3
# stdout: a-b!
# stdout: é ü 漢 🎉
# result: none
print("hello")
print(1, 2, 3)
print("a", "b", sep="-", end="!\n")
print("é ü 漢 🎉")

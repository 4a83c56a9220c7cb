# stdout: 5
with open("tools.py", "w") as file:
    file.write("x = 5\n")
import tools

print(tools.x)

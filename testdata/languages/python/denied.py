import tools

print("wiping")
result = tools.wipe(disk="c")  # ERROR

# tools: granted
# cancel: when slow is called
import tools

print(tools.slow())

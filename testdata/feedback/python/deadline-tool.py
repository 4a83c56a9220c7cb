# deadline: 500ms
# tools: granted
import tools

print(tools.slow())

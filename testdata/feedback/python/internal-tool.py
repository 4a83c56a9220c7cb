# tools: granted
import tools

print(tools.broken())

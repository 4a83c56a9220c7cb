# tools: none
# kind: tool
from tools import search

search("x")  # error: PermissionError: no tool named search...

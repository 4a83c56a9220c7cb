# stdout: ToolError('no luck') True
import tools
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor() as pool:
    future = pool.submit(tools.fail)
print(repr(future.exception()), future.done())

# stdout: 1 <module> None
import inspect
import sys

print(len(inspect.stack()), sys._getframe().f_code.co_name, sys._getframe().f_back)

# stdout: __main__ main_guard.py None
# stdout: True
import __main__
import sys

if __name__ == "__main__":
    print(__name__, __file__, __doc__)
    print(__main__ is sys.modules["__main__"] and __main__.sys is sys)

# attack: change the way of dying while dying
# expect: failed exit
import sys
try:
    raise ValueError("first")
finally:
    try:
        sys.exit(3)
    finally:
        sys.exit(7)

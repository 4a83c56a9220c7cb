# exit: 1
# stderr: fatal: no data
import sys

sys.exit("fatal: no data")

# args: --count 3 file.txt
# stdout: 3 file.txt
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--count", type=int)
parser.add_argument("name")
options = parser.parse_args()
print(options.count, options.name)

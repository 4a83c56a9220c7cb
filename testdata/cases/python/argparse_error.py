# exit: 2
# stderr: error: the following arguments are required: name
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.parse_args([])

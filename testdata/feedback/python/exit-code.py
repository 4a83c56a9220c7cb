import sys


def main():
    print("nothing to do")
    sys.exit(3)


main()

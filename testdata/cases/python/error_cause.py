# stderr: The above exception was the direct cause of the following exception:
# stderr: ValueError: invalid literal for int() with base 10: 'x'
def parse(text):
    try:
        return int(text)
    except ValueError as error:
        raise RuntimeError("cannot parse") from error  # error: RuntimeError: cannot parse

parse("x")

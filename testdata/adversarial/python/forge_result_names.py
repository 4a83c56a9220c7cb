# attack: result, answer and solution that are not what they seem
# expect: completed | failed exception | exhausted fuel
# because: solution() runs the program's code, and raises
class Result:
    def __bool__(self):
        raise RuntimeError
    __eq__ = __bool__
result = None
answer = None
def solution(*required):
    raise RuntimeError("called")

# result: {"$type": "object", "class": "Bad", "repr": "<Bad object: repr() raised ZeroDivisionError>"}
class Bad:
    def __repr__(self):
        return 1 / 0

Bad()

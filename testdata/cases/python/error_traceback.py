# stderr: Traceback (most recent call last):
# stderr:   File "error_traceback.py", line 14, in <module>
# stderr:     outer([1, 2])
# stderr:     ~~~~~^^^^^^^^
# stderr:   File "error_traceback.py", line 12, in outer
# stderr:     return sum(items) / (len(items) - 2)
# stderr:            ~~~~~~~~~~~^~~~~~~~~~~~~~~~~~
# stderr: ZeroDivisionError: division by zero
# value: items = [1, 2]

def outer(items):
    return sum(items) / (len(items) - 2)  # error: ZeroDivisionError: division by zero

outer([1, 2])

# result: 18.0
def solution():
    """GSM-Hard's programs look like this."""
    eggs = 16
    return (eggs - 3 - 4) * 2.0

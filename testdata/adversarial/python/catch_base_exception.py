# attack: catch whatever the limit might throw
# expect: exhausted fuel
while True:
    try:
        while True:
            pass
    except BaseException:
        pass

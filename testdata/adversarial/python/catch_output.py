# attack: an output flood whose writer ignores every error
# expect: exhausted output
# limits: output=32KiB
while True:
    try:
        print("x" * 1000)
    except BaseException:
        pass

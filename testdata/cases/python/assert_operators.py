# stdout: ok
a, b, c = 1, [1, 2], None
assert a < 2 and a <= 1 and a != 2
assert a in b
assert 3 not in b
assert c is None
assert a is not None
assert 0 < a < 2
assert (a == 1) is True
assert not a == 2
try:
    assert a > 2
except AssertionError as error:
    assert error.args == ()
try:
    assert a > 2, ("a", 1)
except AssertionError as error:
    assert error.args == (("a", 1),)
print("ok")

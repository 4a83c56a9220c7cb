import unittest


def double(x):
    return x + 2


class Doubles(unittest.TestCase):
    def test_two(self):
        self.assertEqual(double(2), 4)

    def test_five(self):
        value = double(5)
        self.assertEqual(value, 10)


unittest.main()

# exit: 1
# stderr: AssertionError: 2 != 3
# stderr: FAILED (failures=1)
import unittest

class Arithmetic(unittest.TestCase):
    def test_add(self):
        self.assertEqual(1 + 1, 3)

unittest.main()

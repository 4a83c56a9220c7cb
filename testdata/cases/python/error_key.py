# value: prices = {'pear': 3}
prices = {"pear": 3}
prices["apple"]  # error: KeyError: 'apple'

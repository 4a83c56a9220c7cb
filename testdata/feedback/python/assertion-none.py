def square(x):
    x * x


assert square(3) == 9

# stdout: destroyed
# stderr: ValueError: too late
# wrote: /work/a.txt
class Late:
    def __del__(self):
        print("destroyed")
        raise ValueError("too late")


late = Late()
f = open("/work/a.txt", "w")
f.write("text")
1 / 0  # error: ZeroDivisionError: division by zero

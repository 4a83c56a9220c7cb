# attack: a profile function left in place, which raises when the interpreter reports the result
# expect: completed | failed exception ZeroDivisionError
# because: whether the profiler sees the end of the program's own module code depends on where CPython ends the frame
import sys
def profile(frame, event, arg):
    if event in ("call", "c_call"):
        1 / 0
sys.setprofile(profile)

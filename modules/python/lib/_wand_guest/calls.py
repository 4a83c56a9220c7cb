"""Host calls beside the program. A call that was started goes on while the program does something else; whoever waits, the event loop or a
lock, waits here, and what ended is settled before the wait goes on."""

import contextvars
import functools
import types

import _wand

_call, _start, _wait, _under_way = _wand.call, _wand.start, _wand.wait, _wand.under_way
# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

_Context = contextvars.Context
_partial, _Method, _Builtin = functools.partial, types.MethodType, types.BuiltinMethodType

# What to call with the host's reply, by number of the call; of an abandoned call nothing.
_settle = {}
# How many calls the program's end waits for, as Python waits for its threads.
_joined = 0


def start(name, arguments, settle):
    """Starts a host call (arguments: JSON, bytes) and returns its number; settle(reply: bytes) is called when it has ended."""
    number = _start(name, arguments)
    _settle[number] = settle
    _under_way(len(_settle))
    return number


def abandon(number):
    """Forgets a call: its result is lost."""
    _settle.pop(number, None)
    _under_way(len(_settle))


def waiting():
    """Says whether anybody waits for a call."""
    return bool(_settle)


def pump(nanoseconds):
    """Waits at most so long (less than 0: until a call ends) and settles one call: 1 when one ended, 0 when none did, -1 when none is under way."""
    ended = _wait(nanoseconds)
    if not ended:
        return -1 if ended is None else 0
    number, reply = ended
    settle = _settle.pop(number, None)
    _under_way(len(_settle))
    if settle is not None:
        settle(reply)
    return 1


def steps_of(function, args, kwargs):
    """Returns the host calls that a function would make, as a generator that yields (name, arguments) and is sent each reply; None for a function
    that does anything else."""
    for _ in range(8):
        if type(function) is _partial:
            args, kwargs, function = (*function.args, *args), {**function.keywords, **kwargs}, function.func
        elif type(function) is _Builtin and type(function.__self__) is _Context and function.__name__ == "run" and args:
            # asyncio.to_thread
            function, *args = args
        elif type(function) is _Method:
            args, function = (function.__self__, *args), function.__func__
        else:
            break
    try:
        steps = object.__getattribute__(function, "_wand_steps")
    except AttributeError:
        return None
    return steps(*args, **kwargs)


class drive:
    """Makes the calls of a generator of steps_of, one after the other, beside the program; then settle(value, error). With join the program's end
    waits for it."""

    def __init__(self, steps, settle, join=False):
        global _joined
        _joined += join
        self.steps, self.settle, self.join = steps, settle, join
        self.number = None
        self.go(None)

    def go(self, reply):
        global _joined
        try:
            self.number = start(*self.steps.send(reply), self.go)
        except BaseException as error:
            _joined -= self.join
            settle, self.settle, self.number = self.settle, None, None
            if isinstance(error, StopIteration):
                settle(error.value, None)
            else:
                settle(None, error)

    def abandon(self):
        """Forgets the call under way: nothing is settled any more."""
        global _joined
        if self.number is not None:
            abandon(self.number)
            _joined -= self.join
            self.number = None


def join():
    """Waits for the calls that were given to executors."""
    while _joined > 0 and pump(-1) >= 0:
        pass


def run(steps):
    """Makes the calls of a generator one after the other and returns what it returns."""
    try:
        name, arguments = next(steps)
        while True:
            name, arguments = steps.send(_call(name, arguments))
    except StopIteration as ended:
        return ended.value

"""The event loop: asyncio's own, with a selector that has nothing to select on but time and finished host calls; and the awaitables of such calls."""

import asyncio
import asyncio.base_events
import asyncio.events
import errno
import time
import warnings
import weakref

from _wand_guest import blocked, calls, host


class Selector:
    """Waits for time to pass and for host calls to end."""

    def select(self, timeout):
        if calls.waiting() and calls.pump(-1 if timeout is None else max(0, int(timeout * 1e9))) >= 0:
            return ()
        if timeout is None:
            raise RuntimeError("deadlock: every task waits for something that no other task, timer or host call can bring about")
        if timeout > 0:
            time.sleep(timeout)
        return ()

    def close(self):
        pass


class EventLoop(asyncio.base_events.BaseEventLoop):
    """An event loop without files, sockets, signals and threads."""

    def __init__(self):
        super().__init__()
        self._selector = Selector()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        # Only another thread would have to wake the selector.
        pass

    async def getaddrinfo(self, *args, **kwargs):
        raise _no_network()

    async def create_connection(self, *args, **kwargs):
        raise _no_network()

    async def create_server(self, *args, **kwargs):
        raise _no_network()

    async def create_datagram_endpoint(self, *args, **kwargs):
        raise _no_network()

    async def subprocess_exec(self, *args, **kwargs):
        raise OSError(errno.ENOTSUP, blocked.no_process(args))

    async def subprocess_shell(self, *args, **kwargs):
        return await self.subprocess_exec()

    async def shutdown_default_executor(self, timeout=None):
        # What was submitted has run already, but for host calls.
        self._executor_shutdown_called = True
        if self._default_executor is not None:
            self._default_executor.shutdown(wait=True)

    def add_signal_handler(self, *args):
        raise RuntimeError("signals are not available in this sandbox; use asyncio.timeout to stop waiting")


class Call:
    """A host call under way. It started when it was made; awaiting it gives its result. asyncio takes it wherever it takes a coroutine."""

    def __init__(self, name, steps):
        self.__name__ = self.__qualname__ = name
        self._ended = self._awaited = False
        self._value = self._error = self._inner = self._call = None
        self._waiters = []
        # Only who awaits the call holds it, so that one whom nobody awaits is noticed at once.
        call = weakref.ref(self)

        def settle(value, error):
            if (found := call()) is not None:
                found._end(value, error)

        self._call = calls.drive(steps, settle)

    def _end(self, value, error):
        self._ended, self._value, self._error = True, value, error
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _wait(self):
        if not self._ended:
            waiter = asyncio.events.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except BaseException:
                self._waiters.remove(waiter)
                if not self._waiters:
                    self._call.abandon()
                raise
        if self._error is not None:
            raise self._error
        return self._value

    def __await__(self):
        self._awaited = True
        return self._wait().__await__()

    # What a task wants of a coroutine.

    def send(self, value):
        if self._inner is None:
            self._inner = self.__await__()
        return self._inner.send(value)

    def throw(self, *error):
        if self._inner is None:
            self._inner = self.__await__()
        return self._inner.throw(*error)

    def close(self):
        self._awaited = True
        if self._inner is not None:
            self._inner.close()

    def __repr__(self):
        return f"<host call {self.__name__}, {'ended' if self._ended else 'under way'}>"

    def __del__(self):
        if not self._ended and self._call is not None:
            self._call.abandon()
        if not self._awaited:
            warnings.warn(f"host call {self.__name__!r} was never awaited: its result is lost", RuntimeWarning, stacklevel=2)


class AsyncTool(host.Tool):
    """A host function by name; calling it starts the call and returns an awaitable."""

    __module__ = "tools"

    def __call__(self, /, *args, **kwargs):
        return Call(self._wand_name, host.steps(self._wand_name, args, kwargs))

    # For an executor it is the function that returns an awaitable, not the call itself.
    _wand_steps = property()


class _AsyncTools:
    """tools.aio: the host functions, each returning an awaitable: await tools.aio.search("x")."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        tool = self.__dict__[name] = AsyncTool(name)
        return tool

    def __dir__(self):
        return host.names()

    def __repr__(self):
        return "<host functions as awaitables>"


tools = _AsyncTools()


def _no_network():
    return OSError(errno.ENETUNREACH, "the network is not reachable from this sandbox; call a host function (import tools) or use the data that was given")


class Policy(asyncio.events.BaseDefaultEventLoopPolicy):
    _loop_factory = EventLoop


def install():
    """Makes asyncio use the loop above under each of its names."""
    for name in ("SelectorEventLoop", "EventLoop"):
        setattr(asyncio, name, EventLoop)
    asyncio.DefaultEventLoopPolicy = Policy
    asyncio.set_event_loop_policy(Policy())

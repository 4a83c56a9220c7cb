"""The event loop: asyncio's own, with a selector that has nothing to select on but time and finished host calls."""

import asyncio
import asyncio.base_events
import asyncio.events
import errno
import time


class Selector:
    """Waits. wait_for_host, when a tool binding sets it, waits for host calls under way, at most so many seconds (None: until one ends), and
    returns whether there was anything to wait for."""

    wait_for_host = None

    def select(self, timeout):
        if self.wait_for_host is not None and self.wait_for_host(timeout):
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
        raise OSError(errno.ENOTSUP, "processes are not available in this sandbox; do it in Python, or call a host function (import tools)")

    async def subprocess_shell(self, *args, **kwargs):
        return await self.subprocess_exec()

    async def shutdown_default_executor(self, timeout=None):
        # What was submitted has run already.
        self._executor_shutdown_called = True
        if self._default_executor is not None:
            self._default_executor.shutdown(wait=False)

    def add_signal_handler(self, *args):
        raise RuntimeError("signals are not available in this sandbox; use asyncio.timeout to stop waiting")


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

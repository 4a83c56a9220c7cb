"""ProcessPoolExecutor without processes: each call runs as it is submitted, as in ThreadPoolExecutor (see patches/0006)."""

from concurrent.futures import _base
from concurrent.futures.thread import ThreadPoolExecutor

EXTRA_QUEUED_CALLS = 1


class BrokenProcessPool(_base.BrokenExecutor):
    """Raised when a process of a pool has died, which cannot happen here."""


class ProcessPoolExecutor(ThreadPoolExecutor):
    """An executor whose calls run in place."""

    def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=(), *, max_tasks_per_child=None):
        super().__init__(max_workers, "", initializer, initargs)

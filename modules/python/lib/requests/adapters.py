"""Adapters, which programs mount to have requests repeated. There is one way out here, so what is mounted says only how often to try again."""


class BaseAdapter:
    """Base of adapters."""

    def close(self):
        pass


class HTTPAdapter(BaseAdapter):
    """What a session sends its requests through. max_retries is a number, or urllib3's Retry: what did not get through is tried again."""

    def __init__(self, pool_connections=10, pool_maxsize=10, max_retries=0, pool_block=False):
        self.max_retries = max_retries

    def _tries(self):
        """How often a request that did not get through is tried again, and for which statuses it is."""
        retries = self.max_retries
        if isinstance(retries, int):
            return min(retries, 10), ()
        total = getattr(retries, "total", 0) or 0
        return min(int(total), 10), tuple(getattr(retries, "status_forcelist", None) or ())


class Retry:
    """urllib3's Retry, as far as programs set it."""

    def __init__(self, total=10, connect=None, read=None, redirect=None, status=None, other=None, backoff_factor=0, status_forcelist=None,
                 allowed_methods=None, raise_on_status=True, **more):
        self.total, self.backoff_factor, self.status_forcelist, self.allowed_methods = total, backoff_factor, status_forcelist or (), allowed_methods

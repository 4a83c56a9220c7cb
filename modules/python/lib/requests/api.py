"""requests.get and its siblings: each a session of one request."""

from _wand_guest import calls

from requests.sessions import Session


def _steps(method, url, **kwargs):
    return Session()._request(method, url, **kwargs)


def request(method, url, **kwargs):
    """Sends a request and returns the Response."""
    return calls.run(_steps(method, url, **kwargs))


def get(url, params=None, **kwargs):
    """Sends a GET request and returns the Response."""
    return calls.run(_steps("GET", url, params=params, **kwargs))


def options(url, **kwargs):
    """Sends an OPTIONS request and returns the Response."""
    return calls.run(_steps("OPTIONS", url, **kwargs))


def head(url, allow_redirects=False, **kwargs):
    """Sends a HEAD request and returns the Response."""
    return calls.run(_steps("HEAD", url, allow_redirects=allow_redirects, **kwargs))


def post(url, data=None, json=None, **kwargs):
    """Sends a POST request and returns the Response."""
    return calls.run(_steps("POST", url, data=data, json=json, **kwargs))


def put(url, data=None, json=None, **kwargs):
    """Sends a PUT request and returns the Response."""
    return calls.run(_steps("PUT", url, data=data, json=json, **kwargs))


def patch(url, data=None, json=None, **kwargs):
    """Sends a PATCH request and returns the Response."""
    return calls.run(_steps("PATCH", url, data=data, json=json, **kwargs))


def delete(url, **kwargs):
    """Sends a DELETE request and returns the Response."""
    return calls.run(_steps("DELETE", url, **kwargs))


# What executors take, to run several side by side.
request._wand_steps = _steps
get._wand_steps = lambda url, params=None, **kwargs: _steps("GET", url, params=params, **kwargs)
options._wand_steps = lambda url, **kwargs: _steps("OPTIONS", url, **kwargs)
head._wand_steps = lambda url, allow_redirects=False, **kwargs: _steps("HEAD", url, allow_redirects=allow_redirects, **kwargs)
post._wand_steps = lambda url, data=None, json=None, **kwargs: _steps("POST", url, data=data, json=json, **kwargs)
put._wand_steps = lambda url, data=None, json=None, **kwargs: _steps("PUT", url, data=data, json=json, **kwargs)
patch._wand_steps = lambda url, data=None, json=None, **kwargs: _steps("PATCH", url, data=data, json=json, **kwargs)
delete._wand_steps = lambda url, **kwargs: _steps("DELETE", url, **kwargs)

"""Authentication: what is called with a prepared request and changes its headers."""

import base64


class AuthBase:
    """Base of everything that can be given as auth."""

    def __call__(self, request):
        raise NotImplementedError("Auth hooks must be callable.")


def _basic_auth_str(username, password):
    pair = b":".join(part.encode("utf-8") if isinstance(part, str) else bytes(part) for part in (username, password))
    return "Basic " + base64.b64encode(pair).decode()


class HTTPBasicAuth(AuthBase):
    """A user name and a password."""

    def __init__(self, username, password):
        self.username = username
        self.password = password

    def __eq__(self, other):
        return isinstance(other, HTTPBasicAuth) and (self.username, self.password) == (other.username, other.password)

    def __hash__(self):
        return hash((self.username, self.password))

    def __call__(self, request):
        request.headers["Authorization"] = _basic_auth_str(self.username, self.password)
        return request


class HTTPProxyAuth(HTTPBasicAuth):
    """A user name and a password for a proxy."""

    def __call__(self, request):
        request.headers["Proxy-Authorization"] = _basic_auth_str(self.username, self.password)
        return request


class HTTPDigestAuth(AuthBase):
    """Digest authentication, which is not available here."""

    def __init__(self, username, password):
        raise NotImplementedError("digest authentication is not available in this sandbox; use HTTPBasicAuth or an Authorization header")

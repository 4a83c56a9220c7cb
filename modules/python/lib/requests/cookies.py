"""Cookies, as far as a short program needs them: by name, domain and path, for as long as it runs."""

from collections.abc import MutableMapping


class Cookie:
    """One cookie."""

    def __init__(self, name, value, domain="", path="/", secure=False, host_only=False):
        self.name, self.value, self.domain, self.path, self.secure, self.host_only = name, value, domain, path, secure, host_only
        self.expires = None

    def fits(self, host, path, secure):
        """Says whether the cookie goes with a request."""
        if self.secure and not secure or not (path == self.path or path.startswith(self.path.rstrip("/") + "/")):
            return False
        return not self.domain or host == self.domain or not self.host_only and host.endswith("." + self.domain)

    def __repr__(self):
        return f"<Cookie {self.name}={self.value} for {self.domain}{self.path}>"


class CookieConflictError(RuntimeError):
    """Two cookies have the name."""


class RequestsCookieJar(MutableMapping):
    """A jar of cookies that is a dict by name."""

    def __init__(self, policy=None):
        self._cookies = {}

    def set_cookie(self, cookie):
        self._cookies[cookie.domain, cookie.path, cookie.name] = cookie

    def set(self, name, value, **kwargs):
        domain, path = kwargs.get("domain", ""), kwargs.get("path", "/")
        if value is None:
            self._cookies.pop((domain, path, name), None)
            return None
        cookie = Cookie(name, value, domain, path, kwargs.get("secure", False))
        self.set_cookie(cookie)
        return cookie

    def get(self, name, default=None, domain=None, path=None):
        try:
            return self._find(name, domain, path).value
        except KeyError:
            return default

    def _find(self, name, domain=None, path=None):
        found = [c for c in self._cookies.values() if c.name == name and domain in (None, c.domain) and path in (None, c.path)]
        if not found:
            raise KeyError(name)
        if len({c.value for c in found}) > 1:
            raise CookieConflictError(f"There are multiple cookies with name, {name!r}")
        return found[0]

    def __getitem__(self, name):
        return self._find(name).value

    def __setitem__(self, name, value):
        self.set(name, value)

    def __delitem__(self, name):
        keys = [key for key in self._cookies if key[2] == name]
        if not keys:
            raise KeyError(name)
        for key in keys:
            del self._cookies[key]

    def __iter__(self):
        """Iterates over the cookies, as a cookie jar does; items, keys and values are those of a dict."""
        return iter(list(self._cookies.values()))

    def __len__(self):
        return len(self._cookies)

    def __contains__(self, name):
        return any(cookie.name == name for cookie in self._cookies.values())

    def keys(self):
        return [cookie.name for cookie in self._cookies.values()]

    iterkeys = keys

    def values(self):
        return [cookie.value for cookie in self._cookies.values()]

    itervalues = values

    def items(self):
        return [(cookie.name, cookie.value) for cookie in self._cookies.values()]

    iteritems = items

    def get_dict(self, domain=None, path=None):
        return {c.name: c.value for c in self._cookies.values() if domain in (None, c.domain) and path in (None, c.path)}

    def list_domains(self):
        return list(dict.fromkeys(cookie.domain for cookie in self._cookies.values()))

    def clear(self, domain=None, path=None, name=None):
        self._cookies = {
            key: cookie for key, cookie in self._cookies.items()
            if domain not in (None, cookie.domain) or path not in (None, cookie.path) or name not in (None, cookie.name)
        }

    def update(self, other=(), **more):
        if isinstance(other, RequestsCookieJar):
            for cookie in other:
                self.set_cookie(cookie)
        elif other is not None:
            for name, value in dict(other).items():
                self.set(name, value)
        for name, value in more.items():
            self.set(name, value)

    def copy(self):
        jar = RequestsCookieJar()
        jar.update(self)
        return jar

    def __eq__(self, other):
        return self is other or self.get_dict() == (other.get_dict() if isinstance(other, RequestsCookieJar) else other)

    def __repr__(self):
        return f"<RequestsCookieJar[{', '.join(map(repr, self))}]>"


def header(jars, host, path, secure):
    """Returns the Cookie header of a request, or None. Of two cookies with the same name the later jar's counts."""
    chosen = {}
    for jar in jars:
        for cookie in jar:
            if cookie.fits(host, path or "/", secure):
                chosen[cookie.name] = cookie.value
    return "; ".join(f"{name}={value}" for name, value in chosen.items()) or None


def received(jar, headers, host, path):
    """Puts the cookies of a response's headers (pairs) into a jar."""
    for name, value in headers:
        if name.lower() != "set-cookie":
            continue
        first, *attributes = value.split(";")
        key, equals, content = first.strip().partition("=")
        if not equals or not key:
            continue
        content = content.strip()
        if len(content) > 1 and content[0] == content[-1] == '"':
            content = content[1:-1]
        given = {}
        for attribute in attributes:
            left, _, right = attribute.strip().partition("=")
            given[left.lower()] = right.strip()
        domain = given.get("domain", "").lstrip(".").lower()
        if domain and host != domain and not (host.endswith("." + domain) and "." in domain):
            continue  # a server sets no cookies for others
        folder = given["path"] if given.get("path", "").startswith("/") else (path or "/").rpartition("/")[0] or "/"
        cookie = Cookie(key, content, domain or host, folder, "secure" in given, not domain)
        age = given.get("max-age")
        gone = age is not None and age.lstrip("-").isdigit() and int(age) <= 0
        if not gone and age is None and given.get("expires"):
            gone = _past(given["expires"])
        if gone:
            jar._cookies.pop((cookie.domain, cookie.path, cookie.name), None)
        else:
            jar.set_cookie(cookie)


def _past(text):
    import time
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text.replace("-", " ")).timestamp() <= time.time()
    except (ValueError, TypeError):
        return False


def cookiejar_from_dict(cookie_dict, cookiejar=None, overwrite=True):
    jar = cookiejar if cookiejar is not None else RequestsCookieJar()
    for name, value in (cookie_dict or {}).items():
        if overwrite or name not in jar:
            jar.set(name, value)
    return jar


def merge_cookies(cookiejar, cookies):
    cookiejar.update(cookies)
    return cookiejar

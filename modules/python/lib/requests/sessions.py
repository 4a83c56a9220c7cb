"""Sessions: what requests have in common, and how one is sent."""

from urllib.parse import urljoin, urlsplit

from _wand_guest import calls, host, web

from requests import cookies as _cookies
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.exceptions import AccessDenied, ConnectionError, InvalidSchema, InvalidURL, ReadTimeout, RequestException, SSLError, TooManyRedirects
from requests.models import DEFAULT_REDIRECT_LIMIT, REDIRECT_STATI, PreparedRequest, Request, response_of
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers, requote_uri


def _merged(given, own, kind=dict):
    if own is None or given is None:
        return own if given is None else given
    if not (hasattr(own, "items") and hasattr(given, "items")):
        return given
    merged = kind(own)
    merged.update(given)
    for name in [name for name, value in merged.items() if value is None]:
        del merged[name]
    return merged


class Session:
    """Headers, cookies, auth and params that all its requests have."""

    def __init__(self):
        self.headers = default_headers()
        self.auth = self.cert = None
        self.params = {}
        self.cookies = RequestsCookieJar()
        self.proxies = {}
        self.hooks = {"response": []}
        self.stream = False
        self.verify = True
        self.trust_env = True
        self.max_redirects = DEFAULT_REDIRECT_LIMIT
        self.adapters = {"https://": HTTPAdapter(), "http://": HTTPAdapter()}

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def close(self):
        pass

    def mount(self, prefix, adapter):
        self.adapters[prefix] = adapter
        self.adapters = dict(sorted(self.adapters.items(), key=lambda item: -len(item[0])))

    def get_adapter(self, url):
        for prefix, adapter in self.adapters.items():
            if url.lower().startswith(prefix.lower()):
                return adapter
        raise InvalidSchema(f"No connection adapters were found for {url!r}")

    def prepare_request(self, request):
        cookies = self.cookies.copy()
        cookies.update(request.cookies or {})
        prepared = PreparedRequest()
        prepared.prepare(
            method=request.method, url=request.url, files=request.files, data=request.data, json=request.json,
            headers=_merged(request.headers, self.headers, CaseInsensitiveDict), params=_merged(request.params, self.params),
            auth=request.auth or self.auth, cookies=cookies, hooks=request.hooks,
        )
        return prepared

    def request(self, method, url, *args, **kwargs):
        return calls.run(self._request(method, url, *args, **kwargs))

    def _request(self, method, url, params=None, data=None, headers=None, cookies=None, files=None, auth=None, timeout=None, allow_redirects=True,
                 proxies=None, hooks=None, stream=None, verify=None, cert=None, json=None):
        request = Request(method=method, url=url, headers=headers, files=files, data=data, params=params, auth=auth, cookies=cookies, hooks=hooks, json=json)
        return (yield from self._send(self.prepare_request(request), timeout=timeout, allow_redirects=allow_redirects))

    def send(self, request, **kwargs):
        return calls.run(self._send(request, **kwargs))

    def _send(self, request, timeout=None, allow_redirects=True, **more):
        """Sends a prepared request and follows where it leads, as steps for calls.run and calls.drive."""
        if isinstance(request, Request):
            raise ValueError("You can only send PreparedRequests.")
        if isinstance(timeout, (tuple, list)):
            known = [part for part in timeout if part is not None]
            timeout = sum(known) if known else None
        history = []
        while True:
            try:
                response = yield from self._exchange(request, timeout)
            except RequestException as error:
                if history and isinstance(error, OSError) and error.errno is None:
                    # Which of the requests it was is not obvious from the program.
                    error.args = (f"{history[-1].url} redirects to {request.url}: {error}",)
                raise
            _cookies.merge_cookies(self.cookies, response.cookies)
            for hook in self._hooks(request):
                changed = hook(response, timeout=timeout, **more)
                response = changed if changed is not None else response
            response.history = list(history)
            if not response.is_redirect:
                return response
            following = self._redirected(request, response)
            if not allow_redirects:
                response._next = following
                return response
            history.append(response)
            if len(history) > self.max_redirects:
                raise TooManyRedirects(f"Exceeded {self.max_redirects} redirects.", response=response)
            request = following

    def _hooks(self, request):
        for hooks in (request.hooks.get("response"), self.hooks.get("response")):
            yield from hooks if isinstance(hooks, (list, tuple)) else [hooks] if hooks else ()

    def _exchange(self, request, timeout):
        parts = urlsplit(request.url)
        netloc = parts.netloc.rpartition("@")[2]
        url = parts._replace(netloc=netloc, fragment="").geturl()
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in ("content-length", "host") or name.lower() == "host" and value != netloc]
        tries, statuses = self.get_adapter(request.url)._tries()
        while True:
            try:
                answer = yield from web.exchange(request.method, url, headers, request.body, timeout)
            except host.PermissionRefused as error:
                raise _explained(AccessDenied(str(error), request=request), error) from None
            except host.CallTimeout as error:
                raise _explained(ReadTimeout(str(error), request=request), error) from None
            except host.ArgumentError as error:
                raise _explained(InvalidURL(str(error), request=request), error) from None
            except host.ToolError as error:
                if tries > 0:
                    tries -= 1
                    continue
                tls = any(word in str(error).lower() for word in ("certificate", "tls", "x509"))
                raise _explained((SSLError if tls else ConnectionError)(str(error), request=request), error) from None
            except OSError as error:
                # There is no http tool at all.
                raise _explained(ConnectionError(*error.args, request=request), error) from None
            if answer.get("status") not in statuses or tries <= 0:
                return response_of(answer, request)
            tries -= 1

    def _redirected(self, request, response):
        """Returns the request that a redirect asks for."""
        following = request.copy()
        location = response.headers["location"].encode("latin-1", "replace").decode("utf-8", "replace")
        old = urlsplit(request.url)
        target = requote_uri(urljoin(request.url, location))
        new = urlsplit(target)
        if not new.fragment and old.fragment:
            target = new._replace(fragment=old.fragment).geturl()
        following.url = target
        status = response.status_code
        if status == 303 and request.method != "HEAD" or status == 302 and request.method != "HEAD" or status == 301 and request.method == "POST":
            following.method = "GET"
        if status not in (307, 308):
            for name in ("Content-Length", "Content-Type", "Transfer-Encoding"):
                following.headers.pop(name, None)
            following.body = None
        same = old.hostname == new.hostname and (old.scheme, old.port) == (new.scheme, new.port) or (
            old.hostname == new.hostname and (old.scheme, new.scheme) == ("http", "https") and old.port in (None, 80) and new.port in (None, 443)
        )
        if not same:
            following.headers.pop("Authorization", None)
        following.headers.pop("Cookie", None)
        jar = request._cookies.copy()
        jar.update(self.cookies)
        jar.update(response.cookies)
        header = _cookies.header([jar], new.hostname or "", new.path, new.scheme == "https")
        following._cookies = jar
        if header:
            following.headers["Cookie"] = header
        return following

    def resolve_redirects(self, response, request, **kwargs):
        while response.is_redirect:
            request = self._redirected(request, response)
            response = calls.run(self._send(request, allow_redirects=False))
            yield response

    def __repr__(self):
        return "<requests.sessions.Session object>"


def _explained(error, cause):
    hint = getattr(cause, "_wand_hint", None)
    if hint:
        error._wand_hint = hint
    return error


def _method(name, body):
    """Makes get, post and so on of Session, each with the steps that executors take."""
    defaults = {"allow_redirects": False} if name == "head" else {}

    if body:
        def steps(self, url, data=None, json=None, **kwargs):
            return self._request(name.upper(), url, data=data, json=json, **kwargs)

        def method(self, url, data=None, json=None, **kwargs):
            return calls.run(steps(self, url, data, json, **kwargs))
    else:
        def steps(self, url, **kwargs):
            return self._request(name.upper(), url, **{**defaults, **kwargs})

        def method(self, url, **kwargs):
            return calls.run(steps(self, url, **kwargs))

    method.__name__ = name
    method.__qualname__ = f"Session.{name}"
    method.__doc__ = f"Sends a {name.upper()} request and returns the Response."
    method._wand_steps = steps
    return method


for _name in ("get", "options", "head", "delete"):
    setattr(Session, _name, _method(_name, False))
for _name in ("post", "put", "patch"):
    setattr(Session, _name, _method(_name, True))
Session.request._wand_steps = Session._request
Session.send._wand_steps = Session._send


def session():
    return Session()

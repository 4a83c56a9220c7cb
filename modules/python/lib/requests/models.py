"""Requests and responses."""

import datetime
import io
import json as _json
import os
from urllib.parse import urlencode, urlsplit, urlunsplit

from requests import cookies as _cookies
from requests.auth import HTTPBasicAuth
from requests.cookies import RequestsCookieJar
from requests.exceptions import HTTPError, InvalidHeader, InvalidJSONError, InvalidSchema, InvalidURL, JSONDecodeError, MissingSchema, StreamConsumedError
from requests.status_codes import codes
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers, guess_json_utf, parse_header_links, requote_uri

REDIRECT_STATI = (codes.moved, codes.found, codes.other, codes.temporary_redirect, codes.permanent_redirect)
DEFAULT_REDIRECT_LIMIT = 30


class Request:
    """What is to be requested."""

    def __init__(self, method=None, url=None, headers=None, files=None, data=None, params=None, auth=None, cookies=None, hooks=None, json=None):
        self.method, self.url, self.headers, self.files, self.data = method, url, headers or {}, files or [], data if data is not None else []
        self.params, self.auth, self.cookies, self.json, self.hooks = params or {}, auth, cookies, json, hooks or {}

    def prepare(self):
        prepared = PreparedRequest()
        prepared.prepare(self.method, self.url, self.headers, self.files, self.data, self.params, self.auth, self.cookies, self.hooks, self.json)
        return prepared

    def __repr__(self):
        return f"<Request [{self.method}]>"


class PreparedRequest:
    """A request as it is sent."""

    def __init__(self):
        self.method = self.url = self.headers = self.body = None
        self.hooks = {}
        self._cookies = RequestsCookieJar()

    def prepare(self, method=None, url=None, headers=None, files=None, data=None, params=None, auth=None, cookies=None, hooks=None, json=None):
        self.method = str(method).upper() if method is not None else None
        self.prepare_url(url, params)
        self.prepare_headers(headers)
        self.prepare_cookies(cookies)
        self.prepare_body(data, files, json)
        self.prepare_auth(auth)
        self.hooks = dict(hooks or {})

    def copy(self):
        other = PreparedRequest()
        other.method, other.url, other.body, other.hooks = self.method, self.url, self.body, self.hooks
        other.headers = self.headers.copy() if self.headers is not None else None
        other._cookies = self._cookies.copy()
        return other

    @property
    def path_url(self):
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def prepare_url(self, url, params):
        url = url.decode("utf-8") if isinstance(url, bytes) else str(url)
        url = url.lstrip()
        scheme, colon, _ = url.partition(":")
        if colon and "/" not in scheme and not url.lower().startswith(("http:", "https:")) and "." not in scheme and scheme.lower() != "localhost":
            raise InvalidSchema(f"No connection adapters were found for {url!r}")
        if not url.lower().startswith(("http://", "https://")):
            raise MissingSchema(f"Invalid URL {url!r}: No scheme supplied. Perhaps you meant https://{url}?")
        try:
            parts = urlsplit(url)
            host = parts.hostname
            parts.port
        except ValueError as error:
            raise InvalidURL(f"Failed to parse: {url}: {error}") from None
        if not host:
            raise InvalidURL(f"Invalid URL {url!r}: No host supplied")
        if not host.isascii():
            try:
                host = host.encode("idna").decode()
            except UnicodeError:
                raise InvalidURL("URL has an invalid label.") from None
            user, at, _ = parts.netloc.rpartition("@")
            parts = parts._replace(netloc=f"{user}{at}{host}{f':{parts.port}' if parts.port else ''}")
        query = parts.query
        if params:
            more = params if isinstance(params, str) else params.decode() if isinstance(params, bytes) else _encoded(params)
            query = f"{query}&{more}" if query and more else query or more
        self.url = requote_uri(urlunsplit((parts.scheme.lower(), parts.netloc, parts.path or "/", query, parts.fragment)))

    def prepare_headers(self, headers):
        self.headers = CaseInsensitiveDict()
        for name, value in (headers or {}).items():
            name = name.decode("latin-1") if isinstance(name, bytes) else name
            value = value.decode("latin-1") if isinstance(value, bytes) else value
            if not isinstance(value, str):
                raise InvalidHeader(f"Header part ({value!r}) from ({name!r}, {value!r}) must be of type str or bytes, not {type(value)}")
            if "\r" in value or "\n" in value or value[:1].isspace():
                raise InvalidHeader(f"Invalid leading whitespace, reserved character(s), or return character(s) in header value: {value!r}")
            self.headers[name] = value

    def prepare_cookies(self, cookies):
        self._cookies = cookies if isinstance(cookies, RequestsCookieJar) else _cookies.cookiejar_from_dict(cookies)
        parts = urlsplit(self.url)
        header = _cookies.header([self._cookies], parts.hostname or "", parts.path, parts.scheme == "https")
        if header:
            self.headers["Cookie"] = header

    def prepare_body(self, data, files, json=None):
        body = kind = None
        if not data and json is not None:
            kind = "application/json"
            try:
                body = _json.dumps(json, allow_nan=False).encode("utf-8")
            except ValueError as error:
                raise InvalidJSONError(error, request=self) from None
        elif files:
            body, kind = _multipart(data, files)
        elif isinstance(data, (str, bytes, bytearray)):
            body = data.encode("utf-8") if isinstance(data, str) else bytes(data)
        elif hasattr(data, "read"):
            body = data.read()
            body = body.encode("utf-8") if isinstance(body, str) else body
        elif data and (hasattr(data, "items") or isinstance(data, (list, tuple))):
            body, kind = _encoded(data).encode(), "application/x-www-form-urlencoded"
        elif data:
            body = b"".join(part.encode("utf-8") if isinstance(part, str) else bytes(part) for part in data)
        if kind is None and isinstance(data, str) and data:
            kind = "application/x-www-form-urlencoded"
        if kind and "Content-Type" not in self.headers:
            self.headers["Content-Type"] = kind
        if body is not None:
            self.headers["Content-Length"] = str(len(body))
        elif self.method not in ("GET", "HEAD", None):
            self.headers["Content-Length"] = "0"
        self.body = body

    def prepare_auth(self, auth, url=""):
        if auth is None:
            parts = urlsplit(self.url)
            if parts.username is not None:
                from urllib.parse import unquote

                auth = (unquote(parts.username), unquote(parts.password or ""))
        if auth:
            if isinstance(auth, tuple) and len(auth) == 2:
                auth = HTTPBasicAuth(*auth)
            changed = auth(self)
            self.__dict__.update(changed.__dict__)

    def prepare_content_length(self, body):
        if body is not None:
            self.headers["Content-Length"] = str(len(body))

    def __repr__(self):
        return f"<PreparedRequest [{self.method}]>"


def _encoded(data):
    pairs = []
    for name, values in data.items() if hasattr(data, "items") else data:
        if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
            values = [values]
        pairs += [(name, value) for value in values if value is not None]
    return urlencode([(name if isinstance(name, (str, bytes)) else str(name), value) for name, value in pairs], doseq=True)


def _multipart(data, files):
    """Returns the body and type of a form with files."""
    boundary = os.urandom(16).hex()
    parts = []

    def add(name, value, filename=None, kind=None, headers=None):
        quoted = str(name).replace('"', "%22")
        lines = [f'--{boundary}\r\nContent-Disposition: form-data; name="{quoted}"']
        if filename is not None:
            quoted = str(filename).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            lines[0] += f'; filename="{quoted}"'
        if kind:
            lines.append(f"Content-Type: {kind}")
        lines += [f"{key}: {text}" for key, text in (headers or {}).items()]
        value = value.read() if hasattr(value, "read") else value
        value = value.encode("utf-8") if isinstance(value, str) else value if isinstance(value, (bytes, bytearray)) else str(value).encode()
        parts.append("\r\n".join(lines).encode() + b"\r\n\r\n" + value + b"\r\n")

    if isinstance(data, (str, bytes)):
        raise ValueError("Data must not be a string.")
    for name, values in (data.items() if hasattr(data, "items") else data) if data else ():
        for value in [values] if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__") else values:
            if value is not None:
                add(name, value)
    for name, given in files.items() if hasattr(files, "items") else files:
        if isinstance(given, (tuple, list)):
            filename, content, *more = given
            add(name, content, filename, *more)
        else:
            filename = getattr(given, "name", None)
            add(name, given, os.path.basename(filename) if isinstance(filename, str) and filename[:1] != "<" else name)
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


class _Raw(io.BytesIO):
    """What urllib3's response would be: a file of the content."""

    def __init__(self, content, status, reason, headers):
        super().__init__(content)
        self.status, self.reason, self.headers = status, reason, headers
        self.decode_content = True
        self.version = 11

    def read(self, amount=None, decode_content=None, **more):
        return super().read(-1 if amount is None else amount)

    def stream(self, amount=65536, decode_content=None):
        while block := super().read(amount):
            yield block

    def getheaders(self):
        return list(self.headers.items())

    def getheader(self, name, default=None):
        return self.headers.get(name, default)

    def release_conn(self):
        pass


class Response:
    """A server's answer. It is there as a whole."""

    __attrs__ = ["_content", "status_code", "url", "headers", "history", "encoding", "reason", "cookies", "elapsed", "request"]

    def __init__(self):
        self._content = b""
        self._content_consumed = False
        self.status_code = self.url = self.encoding = self.reason = self.request = self.raw = self.connection = None
        self.headers = CaseInsensitiveDict()
        self.history = []
        self.cookies = RequestsCookieJar()
        self.elapsed = datetime.timedelta(0)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def __repr__(self):
        return f"<Response [{self.status_code}]>"

    def __bool__(self):
        return self.ok

    def __iter__(self):
        return self.iter_content(128)

    @property
    def ok(self):
        try:
            self.raise_for_status()
        except HTTPError:
            return False
        return True

    @property
    def is_redirect(self):
        return "location" in self.headers and self.status_code in REDIRECT_STATI

    @property
    def is_permanent_redirect(self):
        return "location" in self.headers and self.status_code in (codes.moved_permanently, codes.permanent_redirect)

    @property
    def next(self):
        return getattr(self, "_next", None)

    @property
    def content(self):
        return self._content

    @property
    def apparent_encoding(self):
        try:
            self._content.decode("utf-8")
            return "ascii" if self._content.isascii() else "utf-8"
        except UnicodeDecodeError:
            return "ISO-8859-1"

    @property
    def text(self):
        if not self._content:
            return ""
        encoding = self.encoding or self.apparent_encoding
        try:
            return str(self._content, encoding, errors="replace")
        except (LookupError, TypeError):
            return str(self._content, "utf-8", errors="replace")

    def json(self, **kwargs):
        try:
            if self._content and not self.encoding:
                return _json.loads(self._content.decode(guess_json_utf(self._content)), **kwargs)
            return _json.loads(self.text, **kwargs)
        except UnicodeDecodeError:
            return _json.loads(self.text, **kwargs)
        except _json.JSONDecodeError as error:
            raise JSONDecodeError(error.msg, error.doc, error.pos) from None

    def iter_content(self, chunk_size=1, decode_unicode=False):
        if chunk_size is not None and not isinstance(chunk_size, int):
            raise TypeError(f"chunk_size must be an int, it is instead a {type(chunk_size)}.")
        content = self.text if decode_unicode and self.encoding else self._content
        size = chunk_size or len(content) or 1
        return (content[at : at + size] for at in range(0, len(content), size))

    def iter_lines(self, chunk_size=512, decode_unicode=False, delimiter=None):
        content = self.text if decode_unicode else self._content
        lines = content.split(delimiter) if delimiter else content.splitlines()
        if delimiter and lines and not lines[-1]:
            lines.pop()
        return iter(lines)

    @property
    def links(self):
        return {link.get("rel") or link.get("url"): link for link in parse_header_links(self.headers.get("link"))}

    def raise_for_status(self):
        reason = self.reason.decode("utf-8", "replace") if isinstance(self.reason, bytes) else self.reason
        status = self.status_code or 0
        if 400 <= status < 600:
            side = "Client" if status < 500 else "Server"
            raise HTTPError(f"{status} {side} Error: {reason} for url: {self.url}", response=self)

    def close(self):
        pass


def response_of(answer, request):
    """Returns the Response of the http tool's answer."""
    response = Response()
    response.status_code = answer.get("status")
    response.reason = answer.get("reason") or ""
    response.request = request
    response.url = request.url
    pairs = [(str(name), str(value)) for name, value in answer.get("headers") or ()]
    for name, value in pairs:
        response.headers[name] = f"{response.headers[name]}, {value}" if name in response.headers else value
    response._pairs = pairs
    response._content = answer["body"]
    response.encoding = get_encoding_from_headers(response.headers)
    response.elapsed = datetime.timedelta(milliseconds=answer.get("elapsed_ms") or 0)
    response.raw = _Raw(response._content, response.status_code, response.reason, response.headers)
    parts = urlsplit(request.url)
    _cookies.received(response.cookies, pairs, parts.hostname or "", parts.path)
    return response

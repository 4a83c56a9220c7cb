"""The exceptions of requests."""

from json import JSONDecodeError as _JSONDecodeError


class RequestException(OSError):
    """Anything that went wrong with a request."""

    def __init__(self, *args, **kwargs):
        self.response = kwargs.pop("response", None)
        self.request = kwargs.pop("request", None)
        if self.response is not None and not self.request and hasattr(self.response, "request"):
            self.request = self.response.request
        super().__init__(*args, **kwargs)


class InvalidJSONError(RequestException):
    """The body cannot be written as JSON."""


class JSONDecodeError(InvalidJSONError, _JSONDecodeError):
    """The response is no JSON."""

    def __init__(self, *args, **kwargs):
        _JSONDecodeError.__init__(self, *args)
        InvalidJSONError.__init__(self, *self.args, **kwargs)

    def __reduce__(self):
        return _JSONDecodeError.__reduce__(self)


class HTTPError(RequestException):
    """raise_for_status met a status of 400 or more."""


class ConnectionError(RequestException):
    """No response came."""


class AccessDenied(ConnectionError, PermissionError):
    """The policy of this run does not allow the request. It is a builtin PermissionError too."""


class ProxyError(ConnectionError):
    """Proxies are not available here."""


class SSLError(ConnectionError):
    """The host could not trust the server."""


class Timeout(RequestException):
    """The request took too long."""


class ConnectTimeout(ConnectionError, Timeout):
    """The request took too long to get through."""


class ReadTimeout(Timeout):
    """The server did not answer in time."""


class URLRequired(RequestException):
    """There is no URL."""


class TooManyRedirects(RequestException):
    """One redirect led to another too often."""


class MissingSchema(RequestException, ValueError):
    """The URL does not begin with http:// or https://."""


class InvalidSchema(RequestException, ValueError):
    """The URL is of a kind that cannot be requested."""


class InvalidURL(RequestException, ValueError):
    """The URL cannot be understood."""


class InvalidHeader(RequestException, ValueError):
    """A header cannot be sent."""


class InvalidProxyURL(InvalidURL):
    """Proxies are not available here."""


class ChunkedEncodingError(RequestException):
    """The server's answer broke off."""


class ContentDecodingError(RequestException):
    """The server's answer could not be unpacked."""


class StreamConsumedError(RequestException, TypeError):
    """The content was read already."""


class RetryError(RequestException):
    """Tried too often."""


class UnrewindableBodyError(RequestException):
    """The body cannot be sent again."""


class RequestsWarning(Warning):
    """A warning of requests."""


class FileModeWarning(RequestsWarning, DeprecationWarning):
    """A file was opened as text."""


class RequestsDependencyWarning(RequestsWarning):
    """Never given here."""

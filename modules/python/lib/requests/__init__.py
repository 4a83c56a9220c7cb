"""requests for the sandbox: the interface of the package of that name, over the host's tool http.

Every request is a call of that tool, which a policy has to grant. Redirects are followed here, so each hop is a call of its own and is decided
anew. A response arrives whole; stream=True only changes who reads it. Certificates are always checked, by the host. In executors and in
asyncio.to_thread, requests.get and its siblings run side by side.
"""

from requests import adapters, auth, cookies, exceptions, models, sessions, status_codes, structures, utils
from requests.api import delete, get, head, options, patch, post, put, request
from requests.exceptions import (
    ConnectionError, ConnectTimeout, FileModeWarning, HTTPError, JSONDecodeError, ReadTimeout, RequestException, Timeout, TooManyRedirects, URLRequired,
)
from requests.models import PreparedRequest, Request, Response
from requests.sessions import Session, session
from requests.status_codes import codes

__version__ = "2.32.3"
__title__ = "requests"


class packages:
    """requests.packages.urllib3.disable_warnings(), which there is nothing to do for."""

    class urllib3:
        @staticmethod
        def disable_warnings(category=None):
            pass

        class exceptions:
            class InsecureRequestWarning(Warning):
                pass

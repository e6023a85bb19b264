"""One HTTP request to addresses that have been checked, bounded in everything."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from urllib.parse import SplitResult, urljoin, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from mmsconsole.alerts.notify.addresses import why_refused
from mmsconsole.alerts.notify.deadline import Deadline, addresses_of
from mmsconsole.errors import NotificationFailed
from mmsconsole.secret import Secret
from mmsconsole.settings.notify import is_http_url

URL_MAX = 2048
PORTS = {"http": 80, "https": 443}
SAME_METHOD = (307, 308)
REDIRECTS = (301, 302, 303, *SAME_METHOD)
TRY_AGAIN = (408, 425, 429)
FINAL_URL_HINT = "name the URL that it leads to in the settings"

Resolve = Callable[[str, int], Iterable[str]]
"""Addresses of a host. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Request:
    url: Secret
    method: str = "POST"
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    own_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """They may be secrets, and go to the URL's own host and no other."""

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url.reveal())

    @property
    def where(self) -> str:
        """Its host: what else is in a hook's URL is a secret."""
        return self.parts.netloc


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float = 20.0
    redirects: int = 0
    """How many are followed; only those that keep the method, to public addresses."""
    ca_file: str = ""


def call(request: Request, limits: Limits, resolve: Resolve = addresses_of) -> None:
    """Returns when the server has answered 2xx; nothing of its answer's body is read.

    Raises NotificationFailed.
    """
    with Deadline(limits.seconds) as deadline:
        for followed in range(limits.redirects + 1):
            addresses = _checked(request, resolve, redirected=followed > 0)
            status, location = _ask(request, addresses, limits, deadline)
            if status not in REDIRECTS:
                return _check_status(status, request.where)
            request = _redirected(request, status, location)
    raise NotificationFailed(
        "it sends us elsewhere", again=False, where=request.where, hint=FINAL_URL_HINT
    )


def _checked(request: Request, resolve: Resolve, *, redirected: bool) -> list[str]:
    """The addresses that are connected to: the name is not resolved a second time."""
    parts = request.parts
    try:
        found = list(resolve(parts.hostname or "", parts.port or PORTS[parts.scheme]))
    except (OSError, UnicodeError) as error:
        raise NotificationFailed("its name can not be resolved", where=request.where) from error
    for address in found:
        why = why_refused(address, redirected=redirected)
        if why:
            what = f"{address} is not called: {why}"
            raise NotificationFailed(what, again=False, where=request.where, hint=FINAL_URL_HINT)
    return found


def _ask(
    request: Request, addresses: list[str], limits: Limits, deadline: Deadline
) -> tuple[int, str]:
    """Status and location of the answer of the first address that takes a connection."""
    failed = NotificationFailed("its name has no address", where=request.where)
    for address in addresses:
        try:
            connection = _connected(request, address, limits)
        except NotificationFailed as error:
            failed = error
            if deadline.passed:
                break
            continue
        try:
            return _exchange(connection, request, deadline)
        finally:
            connection.close()
    raise failed


def _connected(request: Request, address: str, limits: Limits) -> HTTPConnection:
    parts = request.parts
    port, seconds = parts.port or PORTS[parts.scheme], limits.seconds
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=limits.ca_file or None)
            connection: HTTPConnection = HTTPSConnection(
                address, port, timeout=seconds, ssl_context=context,
                server_hostname=parts.hostname,
            )  # fmt: skip
        else:
            connection = HTTPConnection(address, port, timeout=seconds)
    except OSError as error:
        what = "the file of the authority can not be used"
        raise NotificationFailed(what, again=False, where=limits.ca_file) from error
    try:
        connection.connect()
    except (HTTPError, OSError) as error:
        connection.close()
        raise _not_connected(error, request.where) from error
    return connection


def _not_connected(error: Exception, where: str) -> NotificationFailed:
    if isinstance(error, SSLError | ssl.SSLError):
        hint = "check its certificate; an authority of your own is named by ca_file"
        what = "its certificate is not trusted, or it does not speak TLS"
        return NotificationFailed(what, again=False, where=where, hint=hint)
    if isinstance(error, NewConnectionError | ConnectionError):  # the former is a "timeout", too
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        told = getattr(cause, "strerror", None)
        what = f"no connection to it: {told}" if told else "no connection to it"
        return NotificationFailed(what, where=where)
    if isinstance(error, ConnectTimeoutError | TimeoutError):
        return NotificationFailed("it does not answer in time", where=where)
    return NotificationFailed(f"no connection: {type(error).__name__}", where=where)


def _exchange(connection: HTTPConnection, request: Request, deadline: Deadline) -> tuple[int, str]:
    parts = request.parts
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, "Connection": "close"}
    headers |= {**request.headers, **request.own_headers}
    try:
        deadline.watch(connection.sock)
        connection.request(
            request.method, target, body=request.body or None, headers=headers,
            preload_content=False, decode_content=False,
        )  # fmt: skip
        answer = connection.getresponse()
        status, location = answer.status, answer.headers.get("Location", "")
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        slow = deadline.passed or isinstance(error, TimeoutError)
        what = "it does not answer in time" if slow else "the connection broke off"
        raise NotificationFailed(what, where=request.where) from error
    if deadline.passed:  # and so the head of the answer was cut off
        raise NotificationFailed("it does not answer in time", where=request.where)
    return status, location


def _redirected(request: Request, status: int, location: str) -> Request:
    """Raises NotificationFailed where following would be another request than was meant."""
    url = _joined(request.url.reveal(), location)
    if status not in SAME_METHOD and request.method != "GET":
        what = f"it answers {status}, which would make another request of a {request.method}"
        raise NotificationFailed(what, again=False, where=request.where, hint=FINAL_URL_HINT)
    if len(url) > URL_MAX or not is_http_url(url):
        what = "it sends us to what is no URL"
        raise NotificationFailed(what, again=False, where=request.where)
    before, after = request.parts, urlsplit(url)
    if before.scheme == "https" and after.scheme != "https":
        what = "it sends us from https to http"
        raise NotificationFailed(what, again=False, where=request.where)
    same = before[:2] == after[:2]
    return replace(request, url=Secret(url), own_headers=request.own_headers if same else {})


def _joined(url: str, location: str) -> str:
    """Empty where the two make no URL."""
    try:
        return urljoin(url, location) if location else ""
    except ValueError:
        return ""


def _check_status(status: int, where: str) -> None:
    if not 200 <= status < 300:
        again = status in TRY_AGAIN or status >= 500
        raise NotificationFailed(f"it answers {status}", again=again, where=where)

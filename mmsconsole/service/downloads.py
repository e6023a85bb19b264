"""A link's archive, and the sha256 beside it.

One rule for counting: a download counts when its last byte is sent, by whichever request sends
it. Whoever asks for less, HEAD, or breaks off, has used nothing, and may go on by Range until the
link ends; but a link that has sent twice the bytes of its downloads begins nothing more, and at
three times it breaks off what is under way.

A wrong token, an unknown, expired, used up or revoked link: the same answer.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from aiohttp import web

from mmsconsole.errors import MmsError, NotFound, ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.links import Link, LinkState
from mmsconsole.restore.tar.archive import Archive
from mmsconsole.service.checksums import Checksums
from mmsconsole.service.contents import archive_of
from mmsconsole.service.misses import Misses
from mmsconsole.service.ranges import NotThere, Span, span_of
from mmsconsole.service.redacting import redacting_logger
from mmsconsole.service.sending import Gate, Sending
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation, Task

log = redacting_logger(__name__)

SHA256 = ".sha256"
NOTHING = "there is no such download, or not any more\n"
LATER_SECONDS = 10
NOBODY = hashlib.sha256(b"").hexdigest()
TYPES = {"": "application/x-tar", "gzip": "application/gzip", "zstd": "application/zstd"}
GONE = (NotFound, ObjectMissing, ObjectCorrupt)
_ID = re.compile(r"[0-9a-f]{1,32}")

Pause = Callable[[float], Awaitable[None]]


class Downloads:
    """Of one event loop."""

    def __init__(self, resources: Resources, checksums: Checksums, pause: Pause) -> None:
        """`pause` waits for seconds."""
        self._resources = resources
        self._links = resources.metadata.links
        self._checksums = checksums
        self._pause = pause
        self._misses = Misses()
        self._running = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """To GET and HEAD of /download/ID/TOKEN/NAME."""
        asked = request.match_info
        link = await asyncio.to_thread(self._found, asked["id"], asked["token"], asked["name"])
        if link is None:
            return await self.nothing(request)
        if asked["name"] != link.name:
            return await self._checksum(link)
        if request.method == "HEAD":
            return web.Response(headers=_headers(link) | _length(link))
        if self._running >= self._resources.settings.tree.service.downloads_max:
            return _later("there are too many downloads just now")
        self._running += 1
        try:
            return await self._download(request, link)
        finally:
            self._running -= 1

    async def nothing(self, request: web.Request) -> web.Response:
        """To whatever is not there, held back for who asks again and again."""
        now = self._resources.clock.monotonic()
        await self._pause(self._misses.missed(request.remote or "", now))
        return web.Response(status=HTTPStatus.NOT_FOUND, text=NOTHING)

    # -- which link

    def _found(self, id_: str, token: str, name: str) -> Link | None:
        """The link, if it gives what is asked for. The token is looked at in any case."""
        computing = self._checksums.is_computing(id_)
        link = self._links.find(id_) if _ID.fullmatch(id_) else None
        given = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        right = hmac.compare_digest(given, NOBODY if link is None else link.token_sha256)
        if link is None or not right:
            return None
        if name == link.name + SHA256:
            return link if self._tells_sum(link, computing) else None
        return link if name == link.name and self._gives(link) else None

    def _gives(self, link: Link) -> bool:
        if link.state is not LinkState.READY or not self._in_time(link):
            return False
        if link.sent_enough:
            reason = "more was sent than its downloads hold, without their ends"
            self._links.end(link.id, LinkState.USED_UP, self._resources.clock.now(), reason)
            return False
        return True

    def _tells_sum(self, link: Link, computing: bool) -> bool:
        """Who has the last download may still compare it."""
        used_up = link.state is LinkState.USED_UP and (link.sha256 != "" or computing)
        return (link.state is LinkState.READY or used_up) and self._in_time(link)

    def _in_time(self, link: Link) -> bool:
        return link.expires_at is not None and self._resources.clock.now() < link.expires_at

    # -- what it gives

    async def _checksum(self, link: Link) -> web.Response:
        try:
            found = await self._checksums.of(link)
        except MmsError as error:
            return await self._failed(link, error)
        if not found:
            return _later("it is being computed")
        return web.Response(text=f"{found}  {link.name}\n")

    async def _download(self, request: web.Request, link: Link) -> web.StreamResponse:
        stop = Cancellation()
        try:
            archive = await asyncio.to_thread(archive_of, self._resources, link, Task(stop))
        except MmsError as error:
            return await self._failed(link, error)
        try:
            span = _span(request, link)
        except NotThere:
            headers = {"Content-Range": f"bytes */{link.bytes}"}
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            return web.Response(status=status, headers=headers)
        if span.start:  # the parts of a download do not tell the sum of the whole
            self._checksums.begin(link)
        response = _begun(link, span)
        await response.prepare(request)
        making = ThreadPoolExecutor(1, thread_name_prefix="download")
        try:
            await self._send(request, response, link, archive, span, making, Task(stop))
        except (MmsError, ConnectionError) as error:
            await self._broken_off(request, link, error)
        finally:
            stop.cancel()
            making.shutdown(wait=False)
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, link: Link, archive: Archive,
        span: Span, making: ThreadPoolExecutor, task: Task,
    ) -> None:  # fmt: skip
        whole = (span.start, span.end) == (0, link.bytes)
        digest = hashlib.sha256() if whole and not link.sha256 else None
        sending = Sending(response, self._gate(link), self._resources.clock, link.mb_per_second)
        if link.compression:
            made = archive.compressed(link.compression, task)
        else:
            made = archive.read(span.start, span.end, task)
        try:
            await sending.run(made, making, counts=span.end == link.bytes, digest=digest)
        finally:
            await asyncio.to_thread(self._links.add_sent, link.id, sending.untold)
        if span.end == link.bytes:
            text = f"the archive of link {link.id} was downloaded by {request.remote}"
            await asyncio.to_thread(self._tell, "link downloaded", text, link)

    def _gate(self, link: Link) -> Gate:
        """Asked of the metadata, each time anew."""

        def good(sent: int) -> bool:
            self._links.add_sent(link.id, sent)
            found = self._links.find(link.id)
            if found is None or found.state is not LinkState.READY:
                return False
            return self._in_time(found) and not found.sent_too_much

        def count(sha256: str) -> bool:
            if sha256:
                self._links.set(link.id, sha256=sha256)
            return self._links.count_download(link.id, self._resources.clock.now()) is not None

        def give_back() -> None:
            self._links.give_back(link.id)

        return Gate(
            lambda sent: asyncio.to_thread(good, sent),
            lambda sha256: asyncio.to_thread(count, sha256),
            lambda: asyncio.to_thread(give_back),
        )

    async def _broken_off(self, request: web.Request, link: Link, error: Exception) -> None:
        """The client sees a connection that breaks, never an answer that looks whole."""
        if request.transport is not None:
            request.transport.abort()
        log.info("a download of link %s was broken off: %s", link.id, error)
        if isinstance(error, MmsError):
            await self._failed(link, error)

    async def _failed(self, link: Link, error: MmsError) -> web.Response:
        """What is gone for good ends the link; people learn of it."""
        text = f"link {link.id} can not be downloaded: {error}"
        if isinstance(error, GONE):
            await asyncio.to_thread(
                self._links.end, link.id, LinkState.FAILED, self._resources.clock.now(), str(error)
            )
        await asyncio.to_thread(self._tell, "download failed", text, link, Severity.WARNING)
        return _later("it can not be read just now")

    def _tell(self, kind: str, text: str, link: Link, severity: Severity = Severity.INFO) -> None:
        try:
            self._resources.event(kind, text, deployment=link.deployment, severity=severity)
        except MmsError as error:
            log.warning("%s (%s)", text, error)


def _span(request: web.Request, link: Link) -> Span:
    if link.compression:
        return Span(0, link.bytes)
    headers = request.headers
    return span_of(link.bytes, headers.get("Range"), headers.get("If-Range"), _etag(link))


def _begun(link: Link, span: Span) -> web.StreamResponse:
    response = web.StreamResponse(
        status=HTTPStatus.PARTIAL_CONTENT if span.partial else HTTPStatus.OK, headers=_headers(link)
    )
    if link.compression:
        response.enable_chunked_encoding()
        return response
    response.content_length = span.end - span.start
    if span.partial:
        response.headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{link.bytes}"
    return response


def _headers(link: Link) -> dict[str, str]:
    return {
        "Content-Type": TYPES[link.compression],
        "Content-Disposition": f'attachment; filename="{link.name}"',
        "Accept-Ranges": "none" if link.compression else "bytes",
        "ETag": _etag(link),
    }


def _length(link: Link) -> dict[str, str]:
    """What an answer to GET would have."""
    return {} if link.compression else {"Content-Length": str(link.bytes)}


def _etag(link: Link) -> str:
    return f'"{link.etag[:32]}{"-" * bool(link.compression)}{link.compression}"'


def _later(why: str) -> web.Response:
    return web.Response(
        status=HTTPStatus.SERVICE_UNAVAILABLE, text=f"{why}: try again\n",
        headers={"Retry-After": str(LATER_SECONDS)},
    )  # fmt: skip

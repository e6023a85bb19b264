"""The routes of the front end, and what every answer has."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from mmsconsole.clock import Clock
from mmsconsole.errors import MetadataError, MmsError
from mmsconsole.service.downloads import Downloads
from mmsconsole.service.figures import Figures, health, metrics
from mmsconsole.service.listening import Conversation
from mmsconsole.service.redacting import redacting_logger

log = redacting_logger(__name__)

FIGURES_SECONDS = 5.0
"""So long they are told again: whoever asks often costs nothing."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HEADERS = {
    "Server": "mmsconsole",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Standing:
    """The figures, asked for in a thread and kept for seconds."""

    def __init__(self, figures: Callable[[], Figures], clock: Clock) -> None:
        self._figures = figures
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: Figures | None = None
        self._asked_at = 0.0

    async def now(self) -> Figures:
        """Raises MetadataError."""
        async with self._lock:
            age = self._clock.monotonic() - self._asked_at
            if self._kept is None or age >= FIGURES_SECONDS:
                self._kept = await asyncio.to_thread(self._figures)
                self._asked_at = self._clock.monotonic()
            return self._kept


def make_application(downloads: Downloads, standing: Standing) -> web.Application:
    async def tell_health(_request: web.Request) -> web.Response:
        try:
            found = await standing.now()
        except MetadataError:
            found = Figures(wrong=("the metadata database does not answer",))
        well, text = health(found)
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        return web.Response(status=status, text=text, content_type="application/json")

    async def tell_metrics(_request: web.Request) -> web.Response:
        body = metrics(await standing.now()).encode()
        return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})

    made = web.Application(middlewares=[_conversing], client_max_size=1024, logger=log)
    made.router.add_get("/health", tell_health)
    made.router.add_get("/metrics", tell_metrics)
    made.router.add_get("/download/{id}/{token}/{name}", downloads.answer)
    made.router.add_route("*", "/{rest:.*}", downloads.nothing)
    made.on_response_prepare.append(_with_headers)
    return made


@web.middleware
async def _conversing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Its connection knows that an answer is made; of what goes wrong little is told."""
    conversation = request.protocol
    assert isinstance(conversation, Conversation)
    conversation.began()
    try:
        return await handler(request)
    except MmsError as error:
        log.warning("a request could not be answered: %s", error)
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="not now: try again\n")
    finally:
        conversation.finished()


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)

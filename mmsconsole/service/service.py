"""The front end's thread: it listens, tries again when it can not, and renews its certificate."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from aiohttp import web

from mmsconsole.errors import MmsError
from mmsconsole.metadata.engines import ServiceRecord
from mmsconsole.metadata.events import Severity
from mmsconsole.service.application import Standing, make_application
from mmsconsole.service.checksums import Checksums
from mmsconsole.service.downloads import Downloads, Pause
from mmsconsole.service.figures import Figures
from mmsconsole.service.listening import Conversation, Limits, Listening, bound
from mmsconsole.service.redacting import redacting_logger
from mmsconsole.service.tls import described, identity_of, load, server_context
from mmsconsole.stores.resources import Resources

log = logging.getLogger(__name__)

AGAIN_SECONDS = 10.0
"""After so long it tries again to listen."""
RENEW_SECONDS = 3600.0
SETTLED_SECONDS = 15.0
"""So long an engine's start waits for the first try."""
CLOSE_SECONDS = 1.0
CHECKSUM_SECONDS = 20.0


class Service:
    """start() returns when it listens, or can not; stop() when nothing of it runs."""

    def __init__(
        self, resources: Resources, figures: Callable[[], Figures], engine: str,
        limits: Limits | None = None, pause: Pause = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._resources = resources
        self._figures = figures
        self._engine = engine
        self._limits = limits or Limits()
        self._pause = pause
        self._settled = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.record = ServiceRecord()
        """As the engine's record has it."""

    def start(self) -> None:
        """A port that is taken, or a wrong certificate, is no error of the engine: it is told."""
        if not self._resources.settings.tree.service.listen:
            self._note(ServiceRecord())
            return
        self._thread = threading.Thread(target=self._run, name="service", daemon=True)
        self._thread.start()
        self._resources.clock.wait(self._settled, SETTLED_SECONDS)

    def stop(self, timeout_seconds: float) -> None:
        if self._thread is None:
            return
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            log.error("the service did not stop within %.0f s", timeout_seconds)

    def _run(self) -> None:
        asyncio.run(self._serve_until_stopped())

    async def _serve_until_stopped(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        while not self._stop.is_set():
            try:
                await self._serve(self._stop)
            except OSError as error:
                listen = self._resources.settings.tree.service.listen
                await self._failed(f"it can not listen on {listen}: {error.strerror or error}")
            except MmsError as error:
                await self._failed(str(error))
            self._settled.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), AGAIN_SECONDS)

    async def _serve(self, stop: asyncio.Event) -> None:
        """Until it is stopped. Raises OSError, MmsError where it can not begin."""
        context = server_context()
        await self._load(context)
        socket = bound(*self._resources.settings.tree.service.place)
        try:
            checksums = Checksums(self._resources, CHECKSUM_SECONDS)
            downloads = Downloads(self._resources, checksums, self._pause)
            standing = Standing(self._figures, self._resources.clock)
            runner = web.AppRunner(make_application(downloads, standing), access_log=None)
            await runner.setup()
        except BaseException:
            socket.close()
            raise
        listening = Listening(socket, context, self._converse(runner), self._limits)
        serving = [
            asyncio.create_task(listening.serve()),
            asyncio.create_task(self._renew(context)),
        ]
        try:
            await self._listens(listening.port)
            self._settled.set()
            await stop.wait()
        finally:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
            listening.close()
            checksums.close()
            await _close(runner)

    def _converse(self, runner: web.AppRunner) -> Callable[[Callable[[], None]], asyncio.Protocol]:
        server = runner.server
        assert server is not None  # it was set up
        logger = redacting_logger("mmsconsole.service.http")
        return lambda ended: Conversation(server, self._limits, ended, logger)

    async def _load(self, context: ssl.SSLContext) -> None:
        resources = self._resources
        now = resources.clock.now()
        load(context, await asyncio.to_thread(identity_of, resources.settings, now))

    async def _renew(self, context: ssl.SSLContext) -> None:
        """The certificate is looked at every hour, a given one too: new connections get it."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._load(context)
            except MmsError as error:
                log.warning("the certificate could not be renewed: %s", error)

    # -- what people are told

    async def _listens(self, port: int) -> None:
        settings, now = self._resources.settings, self._resources.clock.now()

        def tell() -> None:
            found = described(settings, identity_of(settings, now), port)
            if self.record.error:
                self._event("service listens", f"the service listens at {found.url}", Severity.INFO)
            self._note(found)
            log.info("the service listens at %s", found.url)

        await asyncio.to_thread(tell)

    async def _failed(self, why: str) -> None:
        if why == self.record.error:
            return
        text = f"downloads, health and metrics are not served: {why}"
        log.error(text)

        def tell() -> None:
            self._event("service does not listen", text, Severity.WARNING)
            self._note(replace(ServiceRecord(), error=why))

        await asyncio.to_thread(tell)

    def _note(self, record: ServiceRecord) -> None:
        self.record = record
        try:
            self._resources.metadata.engines.set_where({"_id": self._engine}, service=record)
        except MmsError as error:
            log.warning("that could not be written down: %s", error)

    def _event(self, kind: str, text: str, severity: Severity) -> None:
        try:
            self._resources.event(kind, text, severity=severity)
        except MmsError as error:
            log.warning("that could not be told: %s", error)


async def _close(runner: web.AppRunner) -> None:
    """What is being answered is broken off."""
    server = runner.server
    if server is not None:
        await server.shutdown(CLOSE_SECONDS)
    await runner.cleanup()

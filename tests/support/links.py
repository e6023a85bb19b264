"""A front end on loopback over a real snapshot, and clients of it."""

import hashlib
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.links import Link, LinkState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.restore.tar.opening import archive_of_folder, archive_of_snapshot
from mmsconsole.service.figures import Figures
from mmsconsole.service.listening import Limits
from mmsconsole.service.service import Service
from mmsconsole.settings import Settings
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.metadata import settings_of
from tests.support.snapshots import deployment_record, taken

TOKEN = "a-token-of-a-test-0123456789abcdef"
ENGINE = "e1"
TIMEOUT_SECONDS = 60.0
NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True
    """False: the connection broke before the end."""


class Desk:
    """The metadata with one deployment, and links that are made of it."""

    def __init__(self, metadata: Metadata, folder: Path, clock: Clock, **environ: str) -> None:
        environ.setdefault("MMSCONSOLE_SERVICE_LISTEN", "127.0.0.1:0")
        self.settings: Settings = settings_of(folder / "home", **environ)
        self.metadata = metadata
        self.clock = clock
        self.storage = FaultyStorage(LocalStorage(folder / "storage"))
        self.resources = Resources(self.settings, metadata, Storages.one(self.storage), clock, [])
        metadata.deployments.add(deployment_record())
        now = clock.now()
        metadata.engines.announce(EngineRecord(ENGINE, "here", str(folder), "0", now, now))

    def snapshot(self, root: Path, id_: str = "s1") -> Snapshot:
        return taken(self.resources, root, id_)

    def link(self, snapshot: Snapshot, id_: str = "abc1", **changes: object) -> Link:
        """Ready; its token is TOKEN."""
        opened = archive_of_snapshot(self.resources, snapshot.id, Task())
        return self._add(
            id_, snapshot=snapshot.id, bytes=opened.archive.bytes, etag=opened.etag, **changes
        )

    def folder_link(self, folder: Path, id_: str = "abc1", **changes: object) -> Link:
        opened = archive_of_folder(folder)
        return self._add(
            id_, files=str(folder), bytes=opened.archive.bytes, etag=opened.etag, **changes
        )

    def _add(self, id_: str, **changes: object) -> Link:
        now = self.clock.now()
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        made = Link(id_, "d1", digest, "shop.tar", now, 1.0, state=LinkState.READY)
        made = replace(made, expires_at=now + timedelta(hours=1), **changes)  # type: ignore[arg-type]
        return self.metadata.links.add(made)

    def events(self) -> list[str]:
        return [event.kind for event in self.metadata.events.all()]


@dataclass
class FrontEnd:
    """A service that runs, and requests to it."""

    service: Service
    settings: Settings
    paused: list[float]
    """Seconds that answers were held back; nobody waits for them."""
    open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.service.record.url.rpartition(":")[2])

    @property
    def ca(self) -> str:
        return self.service.record.ca

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.ca)
        plain = socket.create_connection(("127.0.0.1", self.port), TIMEOUT_SECONDS)
        wrapped = context.wrap_socket(plain, server_hostname="localhost")
        self.open.append(wrapped)
        return wrapped

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Underscores in names of headers are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        context = ssl.create_default_context(cafile=self.ca)
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=TIMEOUT_SECONDS, context=context
        )
        try:
            connection.request(method, path, headers=named)
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def download(self, link: Link, token: str = TOKEN, suffix: str = "", **more: str) -> Answer:
        return self.ask(path_of(link, token) + suffix, **more)


def path_of(link: Link, token: str = TOKEN) -> str:
    return f"/download/{link.id}/{token}/{link.name}"


def _answer(response: http.client.HTTPResponse) -> Answer:
    body, whole = bytearray(), True
    try:
        while data := response.read(1 << 16):
            body += data
        whole = response.length in (None, 0)
    except (http.client.IncompleteRead, OSError) as error:
        body += getattr(error, "partial", b"")
        whole = False
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, bytes(body), whole)


@contextmanager
def front_end(
    desk: Desk, figures: Figures = NOTHING, limits: Limits | None = None
) -> Iterator[FrontEnd]:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    service = Service(desk.resources, lambda: figures, ENGINE, limits, pause)
    service.start()
    running = FrontEnd(service, desk.settings, paused)
    try:
        yield running
    finally:
        for each in running.open:
            each.close()
        service.stop(TIMEOUT_SECONDS)

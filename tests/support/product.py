"""A stage's product, asked in this process: many questions a second, and what faults do to them.

Whoever kills the metadata database gets no answer for a moment: questions are asked again until
one comes, for as long as ANSWER_SECONDS.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from mmsconsole.demo.waiting import wait_for
from mmsconsole.errors import MetadataError, OutsideWindow, Refused
from mmsconsole.metadata.connect import connect
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.restores import UNFINISHED
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.fingerprint import differences, fingerprint
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.operations.views import BackupStatus, RestoreView, SnapshotView
from mmsconsole.optime import Optime
from mmsconsole.settings import load_settings
from tests.support.processes import mongods_below
from tests.support.stage import NAME, Moment, Stage

ANSWER_SECONDS = 120.0
WAIT_SECONDS = 240.0
EVENTS_MAX = 10_000
MENDED = frozenset({
    "head given up", "head rebuilt", "head suspect", "initial sync failed", "objects damaged",
    "files damaged", "verification bad",
    "resync required", "rolled back", "window ended",
})  # fmt: skip
"""Kinds of events that tell of a fault, or of one that was made good again: no election and no
kill may lead there.
"""

T = TypeVar("T")
Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Gap:
    """Two chunks of the stored oplog that do not meet."""

    end: Optime
    start: Optime


def gaps_between(spans: Sequence[tuple[Optime, Optime]]) -> list[Gap]:
    """`spans`: (start, end) of chunks, in order."""
    return [
        Gap(before[1], after[0])
        for before, after in pairwise(spans)
        if not before[1].same_entry(after[0])
    ]


class Product:
    """Of a stage whose engine runs. close() at the end."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.settings = load_settings(stage.environ)
        self.metadata: Metadata = connect(self.settings)
        self.operations = Operations(
            self.metadata, self.settings, stage.clock, Actor("a test"),
        )  # fmt: skip

    def close(self) -> None:
        self.metadata.close()

    def ask(self, question: Callable[[], T]) -> T:
        """Its answer, as soon as the metadata database gives one. None is no answer."""

        def look() -> T | None:
            try:
                return question()
            except MetadataError:
                return None

        return wait_for(
            "the metadata database did not answer", look, self.stage.clock,
            timeout_seconds=ANSWER_SECONDS,
        )  # fmt: skip

    def wait(self, what: str, look: Callable[[], T | None]) -> T:
        """As ask, and the condition itself may take its time as well."""

        def answered() -> T | None:
            try:
                return look()
            except MetadataError:
                return None

        return wait_for(what, answered, self.stage.clock, timeout_seconds=WAIT_SECONDS)

    # -- the backup

    @property
    def status(self) -> BackupStatus:
        return self.ask(lambda: self.operations.backup_status(NAME))

    @property
    def deployment(self) -> Deployment:
        return self.ask(lambda: self.metadata.deployments.named(NAME))

    @property
    def head(self) -> Head:
        return self.ask(lambda: self.metadata.heads.get(self.deployment.head))

    def add_and_start(self) -> None:
        self.stage.add_deployment()
        self.stage.start_backup()

    def wait_in_sync(self) -> None:
        def look() -> bool | None:
            status = self.operations.backup_status(NAME)
            assert status.state == "started", f"{status.state}: {status.reason}"
            return True if status.phase == SyncPhase.IN_SYNC else None

        self.wait("the head was not in sync", look)

    def stored_end(self) -> Optime | None:
        last = self.metadata.chunks.last(self.deployment.id)
        return None if last is None else last.end

    def wait_stored(self, optime: Optime) -> None:
        def look() -> bool | None:
            end = self.stored_end()
            return True if end is not None and end >= optime else None

        self.wait(f"{optime} was not stored", look)

    def wait_applied(self, optime: Optime) -> None:
        def look() -> bool | None:
            status = self.operations.backup_status(NAME)
            assert status.state == "started", f"{status.state}: {status.reason}"
            applied = status.head.optime if status.head else None
            return True if applied is not None and applied >= optime else None

        self.wait(f"{optime} was not applied", look)

    # -- the head, looked at beside the engine

    @contextmanager
    def head_client(self) -> Iterator[Client]:
        address = Address.unix(self.settings.home.run / f"h-{self.head.id}.sock")
        with MongoClient[dict[str, Any]](address.uri, tz_aware=True) as client:
            yield client

    def head_differs(self, moment: Moment) -> list[str]:
        """From a source that stands still since the moment. A head that restarts is waited for."""
        self.wait_applied(moment.optime)

        def look() -> list[str] | None:
            try:
                with self.head_client() as client:
                    return differences(moment.state, fingerprint(client))
            except (PyMongoError, OSError):
                return None

        return self.wait("the head did not answer", look)

    # -- snapshots

    def ask_for_snapshot(self) -> str:
        """Its id; it is taken when the head has time."""
        return self.ask(lambda: self.operations.take_snapshot(NAME)).id

    def wait_for_snapshot(self, id_: str) -> SnapshotView:
        """As it ends."""

        def look() -> SnapshotView | None:
            snapshot = self.operations.snapshot(id_)
            return None if snapshot.state == "running" else snapshot

        return self.wait(f"snapshot {id_} did not end", look)

    def first_snapshot(self) -> Optime | None:
        """Where the window begins."""
        window = self.status.window
        return window.start if window else None

    def gaps(self) -> list[Gap]:
        """Of the stored oplog, from the first complete snapshot on."""
        begin = self.first_snapshot()
        if begin is None:
            return []
        spans = self.ask(lambda: list(self.metadata.chunks.spans(self.deployment.id, begin)))
        return gaps_between(spans)

    def mended(self) -> list[str]:
        """What the product had to make good, by its own word: one sentence each."""
        events = self.ask(lambda: self.operations.events(NAME, limit=EVENTS_MAX))
        return [f"{event.kind}: {event.text}" for event in events if event.kind in MENDED]

    # -- restores

    def restore_differs(
        self, moments: Sequence[Moment], meanwhile: Callable[[], None] | None = None
    ) -> list[str]:
        """Every moment is restored, several at one time; one sentence for whatever is not equal.

        `meanwhile` is called when all have been asked for.
        """
        found: list[str] = []
        started: list[tuple[Moment, str, Path]] = []
        for moment in moments:
            try:
                started.append((moment, *self._start_restore(moment)))
            except Refused as error:
                found.append(f"{moment.label}: the restore is refused: {error}")
        if meanwhile is not None:
            meanwhile()
        for moment, id_, target in started:
            found += [f"{moment.label}: {said}" for said in self._differences(moment, id_, target)]
        return found

    def _differences(self, moment: Moment, id_: str, target: Path) -> list[str]:
        ended = self._wait_for_restore(id_)
        if ended.state != "done":
            return [f"the restore {ended.state}: {ended.reason}"]
        return differences(moment.state, self.stage.state_of(target))

    def is_refused(self, moment: Moment) -> bool:
        """Whether it lies outside of the window."""
        target = self.stage.new_target()

        def ask() -> bool:
            try:
                self.operations.plan_restore(NAME, at=str(moment.optime), target=target)
            except OutsideWindow:
                return True
            return False

        return self.ask(ask)

    def _start_restore(self, moment: Moment) -> tuple[str, Path]:
        target = self.stage.new_target()
        started = self.ask(
            lambda: self.operations.start_restore(NAME, at=str(moment.optime), target=target)
        )
        return started.id, target

    def _wait_for_restore(self, id_: str) -> RestoreView:
        def look() -> RestoreView | None:
            restore = self.operations.restore(id_)
            return None if restore.state in UNFINISHED else restore

        return self.wait(f"restore {id_} did not end", look)

    # -- its processes

    def head_pids(self) -> list[int]:
        return [pid for folder in self.settings.head_folders for pid in mongods_below(folder)]

    def metadata_pids(self) -> list[int]:
        return mongods_below(self.settings.home.metadata)

"""Where a schedule is played: a source of three members, an engine, and what was noted of them.

The source starts empty and the initial sync runs while the first steps are taken.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bson import Timestamp
from pymongo import WriteConcern
from pymongo.client_session import ClientSession

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.mongod.binaries import MongodBinary
from tests.model.values import Document
from tests.support import oplog_transactions
from tests.support.product import Product
from tests.support.stage import SOURCE_FLAGS, Moment, Stage

HELD = "held"
"""A database for prepared transactions alone: nothing else would get past their locks."""
KEPT_DATABASES = ("admin", "config", "local")
COMMITTED_MS = 60_000
MODEL_FLAGS = (
    *SOURCE_FLAGS,
    "--setParameter", "enableTestCommands=1",  # prepared transactions
    "--setParameter", "ttlMonitorSleepSecs=1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    session: ClientSession
    at: Timestamp


class Stand:
    """open(), and close() at the end."""

    def __init__(self, folder: Path, binary: MongodBinary) -> None:
        self.stage = Stage(folder, binary, MMSCONSOLE_BACKUP_CHUNK_SECONDS="0.3")
        self.stage.source = LocalReplicaSet(
            binary.path, folder / "source", self.stage.clock, 3, extra=MODEL_FLAGS
        )
        self.moments: list[Moment] = []
        self.snapshots: list[str] = []
        self._product: Product | None = None
        self._prepared: Prepared | None = None

    def open(self) -> "Stand":
        self.stage.open()
        self.stage.client[HELD].create_collection("things")
        self.stage.start_engine()
        self._product = Product(self.stage)
        self._product.add_and_start()
        return self

    def close(self) -> None:
        if self._product is not None:
            self._product.close()
        self.stage.close()

    @property
    def product(self) -> Product:
        assert self._product is not None, "the stand is not open"
        return self._product

    def keep_logs(self, folder: Path) -> None:
        """For whoever looks for the reason of a failure."""
        for file in [*self.stage.folder.rglob("*.log"), *self.stage.folder.glob("home/logs/*")]:
            if file.is_file():
                shutil.copy(file, folder / file.name)

    # -- the source

    def empty(self) -> None:
        """As at the start, but for what was made of it in the oplog."""
        self.end_prepared(commit=False)
        client = self.stage.client
        for name in client.list_database_names():
            if name not in (*KEPT_DATABASES, HELD):
                client[name].command("dropAllUsersFromDatabase")
                client[name].command("dropAllRolesFromDatabase")
                client.drop_database(name)
        client[HELD].things.delete_many({})

    def prepare(self, documents: Sequence[Document]) -> None:
        """A transaction that stays open, prepared, until end_prepared."""
        self.end_prepared(commit=True)
        client = self.stage.client
        session = client.start_session()
        session.start_transaction()
        client[HELD].things.delete_many({}, session=session)
        client[HELD].things.insert_many(documents, ordered=False, session=session)
        self._prepared = Prepared(session, oplog_transactions.prepare(client, session))

    def end_prepared(self, commit: bool) -> None:
        """If there is one."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            return
        if commit:
            oplog_transactions.commit(self.stage.client, prepared.session, prepared.at)
        else:
            prepared.session.abort_transaction()
        prepared.session.end_session()

    # -- what is noted of it

    def note_moment(self) -> Moment:
        """Of a state that no failover takes back any more."""
        self.end_prepared(commit=True)
        moment = self.stage.moment(f"moment {len(self.moments) + 1}")
        self.stage.client.admin.command(
            "appendOplogNote", 1, data={"noted": moment.label},
            writeConcern=WriteConcern("majority", COMMITTED_MS).document,
        )  # fmt: skip
        self.moments.append(moment)
        return moment

    def ask_for_snapshot(self) -> None:
        """It is taken in the background, once the head is in sync."""
        self.snapshots.append(self.product.ask_for_snapshot())

    # -- what is insisted on

    def check_head(self) -> None:
        """It equals the source. The source's TTL monitor may write: then it is looked at again."""

        def look() -> list[str] | None:
            moment = self.note_moment()
            found = self.product.head_differs(moment)
            still = self.stage.moment(moment.label).optime == moment.optime
            return found if still or not found else None

        found = self.product.wait("the source did not stand still", look)
        assert not found, f"the head differs from the source: {found}"

    def check(self) -> int:
        """Head, window and every moment; returns how many moments were restored."""
        self.product.wait_in_sync()
        self.check_head()
        self._check_snapshots()
        gaps, mended = self.product.gaps(), self.product.mended()
        assert not gaps, f"gaps in the stored oplog: {gaps}"
        assert not mended, f"nothing was to be mended: {mended}"
        self.product.wait_stored(self.moments[-1].optime)
        restored = self._check_moments()
        self.moments.clear()
        return restored

    def _check_snapshots(self) -> None:
        """All have ended; a last one, which no fault disturbs, is complete."""
        for id_ in self.snapshots:
            self.product.wait_for_snapshot(id_)
        self.snapshots.clear()
        last = self.product.ask_for_snapshot()
        ended = self.product.wait_for_snapshot(last)
        assert ended.state == "complete", f"the last snapshot is {ended.state}: {ended.reason}"
        self.note_moment()

    def _check_moments(self) -> int:
        begin = self.product.first_snapshot()
        assert begin is not None, "nothing can be restored"
        early = [moment for moment in self.moments if moment.optime < begin]
        inside = [moment for moment in self.moments if moment.optime >= begin]
        for moment in early:
            assert self.product.is_refused(moment), f"{moment.label} lies before the window"
        found = self.product.restore_differs(inside)
        assert not found, f"restores differ from what the source held: {found}"
        return len(inside)

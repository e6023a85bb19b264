"""A set to restore into, and a mongod whose contents are restored."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.dump.contents import Content
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.targets import Selection
from mmsconsole.mongod.binaries import Version
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.restore.choosing import choose
from mmsconsole.restore.live.comparing import Verdict
from mmsconsole.restore.live.notes import MemoryNotes
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.live.writing import LiveWriter
from mmsconsole.restore.server_content import ServerContent
from mmsconsole.secret import Secret
from mmsconsole.task import Task
from tests.support.backups import emptied

Client = MongoClient[dict[str, Any]]
FIXTURES = Path(__file__).parents[2] / "dump" / "fixtures"
USERS = Selection(users=False)


class Live:
    """The set that is restored into, empty at first."""

    def __init__(self, source: LocalReplicaSet) -> None:
        self.set = emptied(source)
        self.uri: SourceUri = parse_uri(Secret(source.uri))
        self.client: Client = source.client()

    def primary(self, task: Task | None = None, seconds: float = 60) -> Primary:
        return Primary(self.uri, SystemClock(), task or Task(), seconds)

    def hashes(self, database: str) -> dict[str, str]:
        found: dict[str, str] = self.client[database].command("dbHash")["collections"]
        return found


@pytest.fixture
def live(backup_source: LocalReplicaSet) -> Iterator[Live]:
    live = Live(backup_source)
    yield live
    for name in ("system.users", "system.roles"):
        live.client.admin[name].delete_many({})
    live.client.close()


@pytest.fixture
def restored(standalone: MongodProcess) -> Iterator[HeadServer]:
    """A mongod as it runs on restored files: who uses it drops what was put there."""
    client = standalone.client()
    server = HeadServer(standalone, client, Version(6, 0, 5))
    before = set(client.list_database_names())
    yield server
    for name in set(client.list_database_names()) - before:
        client.drop_database(name)
    client.close()


Write = Callable[..., tuple[Verdict, str]]


def write(
    live: Live, content: Content, what: Selection = USERS, *, overwrite: bool = False,
    task: Task | None = None, notes: MemoryNotes | None = None,
) -> Verdict:  # fmt: skip
    """All of a live restore, as its delivery does it."""
    choice = choose(content.collections, what)
    primary = live.primary(task)
    writer = LiveWriter(primary, notes or MemoryNotes(), "0123456789ab", overwrite=overwrite)
    try:
        writer.documents(content, choice, task or Task())
        hash_of = content.hash_of if isinstance(content, ServerContent) else None
        filtered = frozenset(ns for ns, _ in what.filters)
        verdict = writer.compare(choice, hash_of, filtered, task or Task())
        writer.complete(choice, task or Task())
    finally:
        primary.close()
    return verdict

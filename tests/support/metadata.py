"""A private metadata database for tests that need no engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from mmsconsole.clock import Clock
from mmsconsole.metadata.connect import open_metadata, socket_of
from mmsconsole.metadata.credentials import load_credentials
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.migrations import COLLECTION, migrate
from mmsconsole.metadata.server import PrivateServer
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.secret import Secret
from mmsconsole.settings import HOME, Home, Settings, load_settings


def settings_of(home: Path, **environ: str) -> Settings:
    """Of a home below `home`, with the defaults or what the environment's names say."""
    return load_settings({HOME: str(home), **environ})


def uri_of(home: Home) -> Secret:
    """The private metadata database of a home, as if it were an external one."""
    found = load_credentials(home.metadata)
    assert found
    socket = quote(str(socket_of(home)), safe="")
    login = f"{found.user}:{quote(found.password.reveal())}"
    return Secret(f"mongodb://{login}@{socket}/?directConnection=true")


@contextmanager
def private_metadata(settings: Settings, binary: MongodBinary, clock: Clock) -> Iterator[Metadata]:
    """As an engine has it, migrated."""
    server = PrivateServer(settings.home, binary, clock)
    server.start()
    try:
        metadata = open_metadata(settings)
        migrate(metadata, clock)
        yield metadata
        metadata.close()
    finally:
        server.stop()


def empty(metadata: Metadata) -> Metadata:
    """As after the first start: every collection and index, one group."""
    quickly = WriteConcern(w=1)  # the group's record, which is waited for, comes after all of them
    for name in _filled(metadata.database):
        metadata.database.get_collection(name, write_concern=quickly).delete_many({})
    metadata.groups.ensure_default()
    return metadata


def _filled(database: Database[dict[str, Any]]) -> list[str]:
    """The collections that hold something, asked all at once: most are empty before most tests.

    Samples are written with w: 1: what a majority has would be without those of a moment ago.
    """
    database = database.with_options(read_concern=ReadConcern("local"))
    names = set(database.list_collection_names()) - {COLLECTION}
    look: list[dict[str, Any]] = [{"$documents": []}]
    for name in sorted(name for name in names if not name.startswith("system.")):
        one = [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": name}}}]
        look.append({"$unionWith": {"coll": name, "pipeline": one}})
    return [found["name"] for found in database.aggregate(look)]

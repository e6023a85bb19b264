"""Changes of indexes on a head: made at once, or kept in the catalogue of an initial sync.

applyOps knows nothing of index builds (error 115), so they are commands of their own. The
catalogue lives in the head too until its indexes are made: after a crash the oplog that it
followed is not read again.
"""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing

from bson.binary import Binary

from mmsconsole.errors import CommandFailed
from mmsconsole.head.busy import refused
from mmsconsole.head.position import INDEXES, load, remove, save
from mmsconsole.head.sending import NAMESPACE_NOT_FOUND, Tolerance
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog import index_spec
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.oplog.decisions import CreateIndexes, DropIndex
from mmsconsole.task import Task

INDEX_NOT_FOUND = 27
INDEX_SECONDS_MAX = 24 * 3600
"""The command answers when the index is built."""
PHASE = "creating indexes"
BUILDERS = 2
"""A build keeps one core of the head's mongod busy."""
CHECK_SECONDS = 0.5


def change_index(
    connection: WireConnection, change: CreateIndexes | DropIndex, tolerance: Tolerance
) -> None:
    """Raises ApplyFailed, MongodBusy."""
    if isinstance(change, CreateIndexes):
        specs = list(change.specs)
        run_command(
            connection, index_spec.create_indexes(change.database, change.collection, specs)
        )
        return
    tolerated = () if tolerance is Tolerance.NOTHING else (INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND)
    command = index_spec.drop_index(change.database, change.collection, change.name)
    run_command(connection, command, tolerated)


def create_all(connection: WireConnection, catalogue: IndexCatalogue, task: Task) -> None:
    """Make the catalogue's indexes, one command for each collection, and drop the catalogue.

    Two collections at one time, each over a connection of its own. Reports collections, not
    bytes. May be run again after a crash: what exists stays.
    """
    commands = list(catalogue.commands())
    task.report(PHASE, 0, len(commands))
    builders = ThreadPoolExecutor(BUILDERS, thread_name_prefix="indexes")
    try:
        waiting = {builders.submit(_run_beside, connection, command) for command in commands}
        while waiting:
            task.check()
            done, waiting = wait(waiting, CHECK_SECONDS, return_when=FIRST_COMPLETED)
            for built in done:
                built.result()
            task.report(PHASE, len(commands) - len(waiting), len(commands))
    finally:
        # A build can not be called off: it ends with the head's mongod.
        builders.shutdown(wait=False, cancel_futures=True)
    remove(connection, INDEXES, [found["_id"] for found in load(connection, INDEXES)])


def _run_beside(connection: WireConnection, command: bytes) -> None:
    with closing(WireConnection.connect(connection.address, None, INDEX_SECONDS_MAX)) as own:
        run_command(own, command)


def run_command(
    connection: WireConnection, command: bytes, tolerated: tuple[int, ...] = ()
) -> None:
    patience = connection.timeout_seconds or INDEX_SECONDS_MAX
    connection.timeout_seconds = INDEX_SECONDS_MAX
    try:
        connection.call([command])
    except CommandFailed as error:
        if error.server_code not in tolerated:
            what = f"indexes could not be changed: {error.what} (code {error.server_code})"
            raise refused(what, error.server_code, where=error.where) from error
    # Only here: a connection that was lost is closed, and has no timeout any more.
    connection.timeout_seconds = patience


def save_catalogue(connection: WireConnection, catalogue: IndexCatalogue) -> None:
    """Write what has changed since the last time.

    To be called once before a head gets its first position: from then on what lies in the head
    is the catalogue, and a listing from the start of the sync is out of date.
    """
    documents, gone = [], []
    for uuid in catalogue.changed:
        entry = catalogue.get(uuid)
        if entry is None:
            gone.append(Binary(uuid))
            continue
        names = {"database": Binary(entry.database), "collection": Binary(entry.collection)}
        specs = [Binary(spec) for spec in entry.specs.values()]
        documents.append({"_id": Binary(uuid), **names, "specs": specs})
    save(connection, INDEXES, documents)
    remove(connection, INDEXES, gone)
    catalogue.changed.clear()


def load_catalogue(connection: WireConnection) -> IndexCatalogue:
    """As it was last saved; empty if there is none."""
    catalogue = IndexCatalogue()
    for found in load(connection, INDEXES):
        specs = [bytes(spec) for spec in found["specs"]]
        names = bytes(found["database"]), bytes(found["collection"])
        catalogue.add(bytes(found["_id"]), *names, specs)
    catalogue.changed.clear()
    return catalogue

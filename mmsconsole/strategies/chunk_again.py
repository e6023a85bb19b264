"""The entries of a stored oplog chunk, read once more from the source.

The last entry is the very one, by time and term, that the chunk ended with; so whatever the source
has before it is what it had then. As many entries as then: its oplog still reaches back so far.
"""

from contextlib import closing

from mmsconsole.agent.reader import COMMAND_SECONDS, Reader
from mmsconsole.errors import OplogError, Refused
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.rawbson import array_of
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.strategies.origin import origin_of
from mmsconsole.task import Task

ANSWER_SECONDS = 60.0


def chunk_again(metadata: Metadata, chunk: OplogChunk, task: Task) -> ChunkBody:
    """Raises Refused where the backup does not run, OplogError where the source has not these
    entries any more, SourceError.
    """
    deployment = metadata.deployments.get(chunk.deployment)
    if deployment.backup is not BackupState.STARTED:
        raise Refused("its backup does not run", where=deployment.name)
    entries = _entries(deployment, chunk, task)
    if len(entries) != chunk.entries:
        what = f"of {chunk.entries} entries the source has {len(entries)}"
        raise OplogError(what, where=deployment.name)
    arrays = [array_of(entries)]
    return ChunkBody(chunk.start, chunk.end, chunk.entries, arrays, chunk.wall)


def _entries(deployment: Deployment, chunk: OplogChunk, task: Task) -> list[bytes]:
    """Majority-committed ones; of more than there should be only one more."""
    origin = origin_of(deployment, deployment.tail_from)
    between = {"$gt": chunk.start.timestamp, "$lte": chunk.end.timestamp}
    find = {
        "find": "oplog.rs", "filter": {"ts": between}, "sort": {"$natural": 1},
        "readConcern": {"level": "majority"}, "maxTimeMS": COMMAND_SECONDS * 1000,
    }  # fmt: skip
    found: list[bytes] = []
    with closing(Reader.open(origin.uri, origin.choose(), ANSWER_SECONDS)) as reader:
        if not reader.has_entry(chunk.end):
            raise OplogError(f"the source has no entry {chunk.end} any more", where=reader.host)
        for entry in reader.documents("local", find, "oplog.rs"):
            task.check()
            found.append(entry)
            if len(found) > chunk.entries:
                break
    return found

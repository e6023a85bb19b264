"""A stored oplog for tests of who reads it: entries that a test writes, in chunks as it likes."""

from dataclasses import dataclass
from typing import Any

import bson

from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.stored_entries import StoredEntries, entries_of
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.settings import Settings
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from tests.support.oplog_entries import Made

SYNCED = Optime(99, 1, 1)


@dataclass(frozen=True, slots=True)
class StoredOplog:
    """Of the deployment of that name, in the store that it is bound to."""

    metadata: Metadata
    desk: Desk
    name: str

    def stored(self) -> StoredEntries:
        return entries_of(self.desk, self.metadata.deployments.named(self.name))

    def put(self, *chunks: list[Made], start: Optime = SYNCED, gap: bool = False) -> None:
        """Each list is a chunk behind the last one; the first one is behind `start`."""
        last = self.metadata.chunks.last(self._id)
        begin = last.end if last is not None and not gap else start
        for entries in chunks:
            end = Optime.of(entries[-1]["ts"], entries[-1]["t"])
            raw = [bson.encode(entry) for entry in entries]
            body = ChunkBody(begin, end, len(raw), [array_of(raw)], entries[-1].get("wall"))
            self.stored().store.put(self._id, body, after_gap=gap or last is None)
            begin, gap, last = end, False, self.metadata.chunks.last(self._id)

    def chunks(self) -> list[OplogChunk]:
        return list(self.metadata.chunks.in_order(self._id))

    def damage(self, chunk: OplogChunk, settings: Settings, *, gone: bool = False) -> None:
        file = settings.home.storage / chunk.key
        assert file.is_file()
        if gone:
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:-3] + b"bad")

    @property
    def _id(self) -> str:
        return self.metadata.deployments.named(self.name).id


def optimes(rows: Any) -> list[tuple[int, int]]:
    return [(row.optime.t, row.optime.i) for row in rows if row.row == "entry"]

"""The oplog of a real member, read as raw arrays."""

import bson

from mmsconsole.mongod.wire import WireConnection, cursor_batch
from mmsconsole.optime import Optime

BEGINNING = Optime(0, 0)


def read_arrays(connection: WireConnection, after: Optime = BEGINNING) -> list[bytes]:
    """The BSON arrays of entries after `after`, as the server's batches came."""
    newer = {"ts": {"$gt": after.timestamp}} if after.t else {}
    command = {"find": "oplog.rs", "filter": newer, "readConcern": {"level": "majority"}}
    reply = connection.run("local", command | {"batchSize": 0})
    arrays = []
    cursor_id = reply["cursor"]["id"]
    while cursor_id:
        raw = connection.call([_get_more(cursor_id)])
        batch = cursor_batch(raw)
        cursor_id = batch.cursor_id
        if not batch.empty:
            arrays.append(bytes(raw[batch.start : batch.end]))
    return arrays


def _get_more(cursor_id: int) -> bytes:
    command = {"getMore": bson.Int64(cursor_id), "collection": "oplog.rs", "batchSize": 700}
    return bson.encode(command | {"$db": "local"})

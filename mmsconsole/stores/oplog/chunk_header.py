"""What an oplog chunk tells of itself, for who has no record of it."""

from datetime import datetime
from typing import Any

from bson.timestamp import Timestamp

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.optime import Optime
from mmsconsole.stores.compression import RAW_BYTES_MAX
from mmsconsole.stores.framing import CHUNK, Header, unframe
from mmsconsole.stores.oplog.chunk_object import chunk_folder, key_position

HEAD_BYTES = 4096
"""More than the frame of a chunk ever has."""
SUFFIX = ".chunk"


def chunk_of_header(deployment: str, key: str, data: bytes, stored_bytes: int) -> OplogChunk:
    """Its record, as far as the beginning of the object tells; `sha256` is left empty.

    Raises ObjectCorrupt unless it tells what its name and its folder tell.
    """
    header = unframe(data, CHUNK, key).header
    start, end = optime_of_document(header.get("start")), optime_of_document(header.get("end"))
    if start is None or end is None or not start < end:
        raise ObjectCorrupt("does not tell from where to where it reaches", where=key)
    begins = f"{chunk_folder(deployment)}/{key_position(end)}-"
    if header.get("deployment") != deployment or not key.startswith(begins):
        raise ObjectCorrupt("is another chunk than its name says", where=key)
    wall = header.get("wall")
    return OplogChunk(
        # As long as the key: chunks of one deployment never share it.
        id=key.rpartition("/")[2].removesuffix(SUFFIX),
        deployment=deployment,
        start=start,
        end=end,
        entries=_count(header, "entries", RAW_BYTES_MAX, key),
        key=key,
        sha256="",
        raw_bytes=_count(header, "raw_bytes", RAW_BYTES_MAX, key),
        stored_bytes=stored_bytes,
        wall=wall if isinstance(wall, datetime) else None,
        stored_at=wall if isinstance(wall, datetime) else end.time,
        after_gap=bool(header.get("after_gap")),
    )


def optime_of_document(document: Any) -> Optime | None:
    """The way back from optime_document(); None for what is none."""
    if not isinstance(document, dict):
        return None
    ts, term = document.get("ts"), document.get("term")
    if not isinstance(ts, Timestamp) or not isinstance(term, int):
        return None
    return Optime.of(ts, term)


def _count(header: Header, name: str, most: int, key: str) -> int:
    value = header.get(name)
    if not isinstance(value, int) or not 0 < value <= most:
        raise ObjectCorrupt(f"tells of {value!r} {name}", where=key)
    return value

"""How far back a member's oplog reaches."""

from dataclasses import dataclass

from mmsconsole.agent.reader import Reader, entry_optime
from mmsconsole.errors import SourceRefused
from mmsconsole.optime import Optime

FULL = 0.9
"""An oplog that is filled so far has begun to drop its oldest entries, or is about to."""


@dataclass(frozen=True, slots=True)
class OplogWindow:
    oldest: Optime
    newest: Optime
    bytes: int
    max_bytes: int

    @property
    def seconds(self) -> int:
        return max(0, self.newest.t - self.oldest.t)

    @property
    def projected_seconds(self) -> int | None:
        """What it will hold, or None: it has never been full, so nothing can be said yet."""
        return self.seconds if self.bytes >= FULL * self.max_bytes else None


def read_window(reader: Reader) -> OplogWindow:
    """Raises SourceRefused for a member without oplog entries."""
    oldest = reader.oplog_entries({})
    newest = reader.oplog_entries({}, newest_first=True)
    if not oldest or not newest:
        raise SourceRefused("its oplog is empty", where=reader.host)
    stats = reader.run("local", {"collStats": "oplog.rs"})
    return OplogWindow(
        entry_optime(oldest[0]), entry_optime(newest[0]), int(stats["size"]), int(stats["maxSize"])
    )

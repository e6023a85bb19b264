"""Where the journal of a snapshot's files has to go on.

A snapshot leaves the journal out, but its files say up to which log they were written. A mongod
that begins at log 1 on them looks well, until it crashes: WiredTiger then passes over every
record that is older than the file says, so acknowledged writes are lost (measured on 6.0.5). With
the first 4 KB of the newest log beside the files it goes on with the next number.
"""

from dataclasses import dataclass
from pathlib import Path

from mmsconsole.durable import disk_errors
from mmsconsole.errors import ObjectCorrupt
from mmsconsole.stores.blocks.paths import is_plain_path
from mmsconsole.stores.framing import Header

LOGS = "journal/WiredTigerLog.*"
START_BYTES = 4096
"""What WiredTiger writes when it makes a log; its records come behind."""


@dataclass(frozen=True, slots=True)
class LogStart:
    path: str
    """Relative to the dbpath."""
    data: bytes
    """Without the zeros at its end."""

    @classmethod
    def of(cls, dbpath: Path) -> "LogStart | None":
        """Of a locked head's newest log; None where there is no journal."""
        with disk_errors(str(dbpath)):
            newest = max(dbpath.glob(LOGS), default=None, key=lambda log: log.name)
            if newest is None:
                return None
            with newest.open("rb") as log:
                data = log.read(START_BYTES).rstrip(b"\0")
        return cls(str(newest.relative_to(dbpath)), data)

    @classmethod
    def in_header(cls, header: Header, key: str) -> "LogStart | None":
        """Of a manifest. Raises ObjectCorrupt where it makes no sense."""
        found = header.get("log_start")
        if found is None:
            return None
        start = cls(str(found.get("path")), bytes(found.get("data", b"")))
        if not is_plain_path(start.path) or len(start.data) > START_BYTES:
            raise ObjectCorrupt("begins its journal in a way that can not be", where=key)
        return start

    def document(self) -> Header:
        return {"path": self.path, "data": self.data}

"""Files of what was dropped: mongod removes them a moment later, behind a checkpoint. If it ends
before, they stay until its next start, with all that nobody was to get.
"""

from typing import Any

from mmsconsole.clock import Clock
from mmsconsole.errors import MongodFailed
from mmsconsole.head.server import HeadServer
from mmsconsole.task import Task

TABLE = "statistics:table:"
GONE_SECONDS, POLL_SECONDS = 120, 0.1


def files_of(client: Any, database: str, collection: str) -> list[str]:
    """Of a collection and its indexes, relative to the dbpath."""
    stats = client[database].command("collStats", collection)
    parts = (stats["wiredTiger"], *stats.get("indexDetails", {}).values())
    return [f"{part['uri'].removeprefix(TABLE)}.wt" for part in parts if "uri" in part]


def wait_until_gone(server: HeadServer, files: list[str], clock: Clock, task: Task) -> None:
    """Raises MongodFailed, Cancelled."""
    folder = server.process.options.dbpath
    deadline = clock.monotonic() + GONE_SECONDS
    while left := [name for name in files if (folder / name).exists()]:
        if clock.monotonic() > deadline:
            raise MongodFailed(f"does not remove {left[0]}, which was dropped", where=str(folder))
        server.client.admin.command("fsync", 1)  # it looks again after each checkpoint
        clock.wait(task.cancellation.event, POLL_SECONDS)
        task.check()
        files = left

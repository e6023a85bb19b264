"""What mongodump wrote, into a live deployment. No engine is asked, and none is needed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.metadata.targets import Selection
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.optime import Optime
from mmsconsole.restore.live.from_dump import DumpPlan, DumpRestore, DumpWish
from mmsconsole.restore.live.standing import Occupied
from mmsconsole.restore.selecting import check_selection
from mmsconsole.secret import Secret
from mmsconsole.task import Task


@dataclass(frozen=True, slots=True)
class DumpArguments:
    path: Path
    uri: Secret
    what: Selection
    overwrite: bool = False
    replay: bool = True


@dataclass(frozen=True, slots=True)
class DumpRestorePlan:
    dump: str
    target: str
    server_version: str
    replays_oplog: bool
    namespaces: tuple[str, ...]
    there: tuple[Occupied, ...]
    """What of them is there already."""


@dataclass(frozen=True, slots=True)
class DumpRestoreView:
    dump: str
    target: str
    collections: int
    bytes: int
    oplog_entries: int
    optime: Optime | None
    """Of the last entry that was applied; None where no oplog was."""
    verified: str
    differs: bool = False


def plan(arguments: DumpArguments, clock: Clock, task: Task) -> DumpRestorePlan:
    """Changes nothing. Raises UsageError, Refused, DumpDamaged, SourceError."""
    return _shown(arguments, _restore(arguments, clock, task).plan())


def restore(
    arguments: DumpArguments, clock: Clock, tell: Callable[[str], None], task: Task
) -> DumpRestoreView:
    """What it made is taken away again when it fails or is cancelled. Raises as plan() does,
    OplogError, ApplyFailed, Cancelled.
    """
    done = _restore(arguments, clock, task).run(tell)
    return DumpRestoreView(
        str(arguments.path), done.where, done.collections, done.bytes, done.entries, done.until,
        done.verified, done.differs,
    )  # fmt: skip


def _restore(arguments: DumpArguments, clock: Clock, task: Task) -> DumpRestore:
    check_selection(arguments.what, logical=False)
    wish = DumpWish(
        arguments.path, parse_uri(arguments.uri), arguments.what, arguments.overwrite,
        arguments.replay,
    )  # fmt: skip
    return DumpRestore(wish, clock, task)


def _shown(arguments: DumpArguments, found: DumpPlan) -> DumpRestorePlan:
    return DumpRestorePlan(
        str(arguments.path), found.where, found.server_version, found.replays, found.namespaces,
        found.there,
    )  # fmt: skip

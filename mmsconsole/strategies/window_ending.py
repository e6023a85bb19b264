"""Noting an entry that no head can follow, for everybody who asks what can be restored."""

from contextlib import suppress

from mmsconsole.errors import (
    AlreadyExists,
    MmsError,
    ObjectCorrupt,
    UnknownCommand,
    UnreadableEntry,
    WindowEnded,
)
from mmsconsole.head.position import HeadPosition
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources


def note_window_end(
    resources: Resources, head: Head, error: MmsError, position: HeadPosition | None = None
) -> None:
    """If that is what the error tells of. Again is no harm. `position`: where the head stands."""
    at = _end_of(error, position)
    if at is not None:
        now = resources.clock.now()
        with suppress(AlreadyExists):
            resources.metadata.window_ends.add(
                WindowEnd(new_id(), head.deployment, at, error.what, now)
            )


def _end_of(error: MmsError, position: HeadPosition | None) -> Optime | None:
    if isinstance(error, WindowEnded):
        return Optime(*error.at)
    lost = isinstance(error, UnknownCommand | UnreadableEntry | ObjectCorrupt)
    if lost and position is not None:
        applied = position.applied  # the entry lies somewhere behind it
        return Optime(applied.t, applied.i + 1)
    return None

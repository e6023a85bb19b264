"""The keys of the time axis, by the ids of their actions."""

from collections.abc import Callable, Sequence

from mmsconsole.console.present.timeline import Axis
from mmsconsole.console.wizard.points import PAGE_CELLS, Pointing
from mmsconsole.operations.views import SnapshotView, Window


def steered(
    pointing: Pointing, action: str, snapshots: Sequence[SnapshotView], window: Window | None,
    whole: Axis,
) -> Pointing:  # fmt: skip
    moves: dict[str, Callable[[], Pointing]] = {
        "time.earlier": lambda: pointing.moved(-1, window),
        "time.later": lambda: pointing.moved(1, window),
        "time.page_earlier": lambda: pointing.moved(-PAGE_CELLS, window),
        "time.page_later": lambda: pointing.moved(PAGE_CELLS, window),
        "time.snapshot_before": lambda: pointing.stepped(snapshots, -1),
        "time.snapshot_after": lambda: pointing.stepped(snapshots, 1),
        "time.first": lambda: pointing.at(window.start.time) if window else pointing,
        "time.last": lambda: pointing.at(window.end.time) if window else pointing,
        "time.closer": lambda: pointing.zoomed(True, whole),
        "time.farther": lambda: pointing.zoomed(False, whole),
    }
    return moves[action]()

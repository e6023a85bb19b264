"""The drop, found as an administrator would: backwards through the stored oplog."""

from mmsconsole.demo.accident import Accident
from mmsconsole.demo.narrator import Step
from mmsconsole.demo.scene import NAME, PHASE_SECONDS_MAX, Scene
from mmsconsole.demo.waiting import wait_for
from mmsconsole.errors import MmsError
from mmsconsole.operations.oplog_views import OplogRow

DROP = "drop"


def find_drop(scene: Scene, accident: Accident, step: Step) -> OplogRow:
    """Its entry, as the oplog browser shows it. Raises MmsError when another one is found."""

    def look() -> OplogRow | None:
        """The newest that took data away: an older one, until the drop is stored."""
        for found in scene.operations.oplog_search(NAME, limit=1).found:
            if (found.kind, found.ns) == (DROP, accident.namespace):
                return scene.operations.oplog_entry(NAME, found.first).entry
        return None

    row = wait_for("the drop was not found", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX)
    if row.optime != accident.dropped:
        raise MmsError(f"found {row.optime}, but it was dropped at {accident.dropped}")
    step.done(f"{row.optime}: {row.kind} {row.ns} {row.change}")
    return row

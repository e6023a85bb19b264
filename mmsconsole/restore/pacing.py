"""A restore, and all of them together, go no faster than they may."""

from mmsconsole.clock import Clock
from mmsconsole.rate import MEGABYTE
from mmsconsole.restore.delivery.base import PHASE as DELIVERING
from mmsconsole.restore.replaying import PHASE as REPLAYING
from mmsconsole.storage.throttled import SharedThrottle
from mmsconsole.stores.blocks.materialising import PHASE as MATERIALISING
from mmsconsole.task import Task

IN_BYTES = (MATERIALISING, REPLAYING, DELIVERING)


def paced(task: Task, throttle: SharedThrottle) -> Task:
    """The same task; who reports bytes of a restore waits until they may have gone."""
    seen: dict[str, int] = {}

    def report(phase: str, done: int, total: int | None) -> None:
        task.report(phase, done, total)
        if phase in IN_BYTES:
            gone = done - seen.get(phase, 0)
            seen[phase] = done
            if gone > 0:
                throttle.take(gone, task.cancellation)

    return Task(task.cancellation, report, task.remark)


def limited(task: Task, mb_per_second: float, clock: Clock) -> Task:
    """The same for one restore by itself; 0: no limit."""
    if not mb_per_second:
        return task
    return paced(task, SharedThrottle(mb_per_second * MEGABYTE, clock, task.cancellation))

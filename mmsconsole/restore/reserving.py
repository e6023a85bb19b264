"""Room for a restore, beside what others that have not ended will still write."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from mmsconsole.errors import Refused
from mmsconsole.metadata.jobs import JobKind, PhaseProgress
from mmsconsole.metadata.restores import Restore
from mmsconsole.restore.delivery.base import PHASE as DELIVERING
from mmsconsole.restore.delivery.base import Delivery
from mmsconsole.restore.delivery.choosing import delivery_for
from mmsconsole.restore.room import Disk, Need, check_room
from mmsconsole.restore.staging import staging_of
from mmsconsole.stores.blocks.materialising import PHASE as MATERIALISING
from mmsconsole.stores.resources import Resources


def check_restore_room(
    resources: Resources, delivery: Delivery, disk: Callable[[Path], Disk], *, spare_bytes: int
) -> None:
    """Raises NoRoom. `delivery.restore` may not be stored yet."""
    needs = needs_of(resources, delivery)
    disks = [disk(need.folder) for need in needs]
    taken = {one.device for one in disks}
    for need in _of_others(resources, delivery.restore):
        found = disk(need.folder)
        if need.bytes and found.device in taken:
            needs.append(need)
            disks.append(found)
    check_room(needs, disks, spare_bytes)


def needs_of(resources: Resources, delivery: Delivery) -> list[Need]:
    """On this machine."""
    restore = delivery.restore
    if not delivery.needs_files:
        return delivery.needs()
    folder = staging_of(resources.settings, restore)
    return [Need("the restore", folder, restore.needed_bytes), *delivery.needs()]


def _of_others(resources: Resources, restore: Restore) -> Iterator[Need]:
    for job in resources.metadata.jobs.open(kind=JobKind.RESTORE):
        other = resources.metadata.restores.find(job.subject)
        if other is None or other.id == restore.id:
            continue
        try:
            needs = needs_of(resources, delivery_for(resources, other))
        except Refused:  # of a kind that a newer program knows
            continue
        for need in still_needed(needs, job.progress):
            yield replace(need, what=f"restore {other.id}")


def still_needed(needs: Iterable[Need], progress: Iterable[PhaseProgress]) -> list[Need]:
    """Pure: without what was written already, which the disk does not count as free any more.

    The first is that of the files, the others those of their delivery.
    """
    done = {phase.phase: phase.done for phase in progress}
    return [
        replace(need, bytes=max(0, need.bytes - done.get(DELIVERING if n else MATERIALISING, 0)))
        for n, need in enumerate(needs)
    ]

"""Whatever change fails, or is the last one: nothing half-written is referred to, and a second
run comes to the same end.

Every operation that writes is broken off at its n-th change for every n, each time in another
way; then it is run again, as the next process would.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mmsconsole.errors import MmsError
from mmsconsole.restore import restoring
from mmsconsole.stores.blocks import packs
from mmsconsole.stores.resources import Resources
from tests.faults.operations import OPERATIONS, Operation
from tests.support.faulty_disk import Fault, FaultyDisk, Killed

TAKING = (Fault.IO_ERROR, Fault.LOST_ANSWER, Fault.KILL)
"""What may meet an operation that only takes away."""
ALWAYS_MET = (Fault.IO_ERROR, Fault.KILL)
"""Each operation makes changes that these can strike."""


@pytest.fixture
def disk(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> FaultyDisk:
    monkeypatch.setattr(packs, "PACK_BYTES", 2000)
    monkeypatch.setattr(restoring, "sweep_orphans", lambda *_: [])  # it looks at all processes
    return FaultyDisk(short_folder, monkeypatch)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (kind, fault)
        for kind in OPERATIONS
        for fault in Fault
        if (kind.writes or fault in TAKING) and fault not in kind.spared
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else value.__name__,
)
def test_an_operation_survives_a_fault_at_any_change(
    kind: type[Operation], fault: Fault, resources: Resources, disk: FaultyDisk, short_folder: Path
) -> None:
    for number in struck(fault, disk):
        operation = kind(resources, short_folder / "work", number)
        disk.arm(fault, number)
        with suppress(MmsError, Killed):
            operation.run()
        disk.heal()
        operation.check()
        operation.run()
        operation.check_done()
        resources.storage.sweep()
        assert list((short_folder / "storage").rglob(".tmp-*")) == []
        shutil.rmtree(short_folder / "work")
    assert number > 1 or fault not in ALWAYS_MET


def struck(fault: Fault, disk: FaultyDisk) -> Iterator[int]:
    """1, 2, 3 … until a run makes fewer changes than that."""
    number = 1
    while True:
        yield number
        if disk.changes < number:
            return
        number += 1

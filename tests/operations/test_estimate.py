"""Whether it fits, per disk and not per folder."""

from pathlib import Path

import pytest

from mmsconsole.errors import NoRoom
from mmsconsole.operations.disks import disk_of, existing
from mmsconsole.operations.estimate import (
    SPARE_BYTES,
    Disk,
    Need,
    backup_needs,
    check_room,
)

HEADS, STORAGE = Path("/heads"), Path("/storage")
NEEDS = [Need("the head", HEADS, 600), Need("the storage", STORAGE, 400)]


def test_two_needs_on_one_disk_are_added_up() -> None:
    with pytest.raises(NoRoom, match=r"the head needs .* and the storage needs"):
        check_room(NEEDS, [Disk(1, HEADS, SPARE_BYTES + 999), Disk(1, STORAGE, SPARE_BYTES + 999)])


def test_what_fits_exactly_is_room_enough() -> None:
    check_room(NEEDS, [Disk(1, HEADS, SPARE_BYTES + 1000), Disk(1, STORAGE, SPARE_BYTES + 1000)])


def test_two_disks_are_looked_at_one_by_one() -> None:
    check_room(NEEDS, [Disk(1, HEADS, SPARE_BYTES + 600), Disk(2, STORAGE, SPARE_BYTES + 400)])
    with pytest.raises(NoRoom) as refused:
        check_room(NEEDS, [Disk(1, HEADS, 10**12), Disk(2, STORAGE, SPARE_BYTES + 399)])
    assert refused.value.where == "/storage"


def test_a_backup_needs_more_than_the_source_has() -> None:
    head, storage = backup_needs(1_000, 2_000, HEADS, STORAGE)
    assert head.bytes > 1_000
    assert 0 < storage.bytes < 2_000


def test_a_folder_that_is_not_there_yet_lies_on_the_disk_above_it(tmp_path: Path) -> None:
    deep = tmp_path / "not" / "there"
    assert existing(deep) == tmp_path
    assert disk_of(deep).device == tmp_path.stat().st_dev
    assert disk_of(deep).free_bytes > 0

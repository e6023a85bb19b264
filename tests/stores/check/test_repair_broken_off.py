"""A repair that is killed at any change loses nothing, and the next one ends it."""

from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.stores.blocks.moved import moved_key
from tests.support.damaged import Stand, put_head
from tests.support.faulty import FaultyStorage
from tests.support.faulty_disk import Fault, FaultyDisk, Killed
from tests.support.history import History, blocks
from tests.support.metadata import empty
from tests.support.snapshots import page_pack_keys

EVERY = {"packs": 4, "lists": 3}
"""Of the changes in the middle of which it is killed."""


pytestmark = pytest.mark.usefixtures("small_packs")


def scene(storage: FaultyStorage, metadata: Metadata, folder: Path, group: str) -> History:
    """A snapshot that needs two blocks of each of two packs, both of which are in the head."""
    made = History(storage, metadata, folder, group)
    first = made.take(f"{group}-first", {"a": blocks(*range(8))})
    second = made.take(f"{group}-second", {"a": blocks(0, 2, 5, 7)}, first)
    made.forget(first.id)
    put_head(metadata, made.id, "h1", folder / f"root-{made.id}-{second.id}")
    return made


@pytest.mark.parametrize("lost", EVERY)
def test_a_repair_may_be_killed_at_any_change(
    lost: str, storage: FaultyStorage, metadata: Metadata, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    disk = FaultyDisk(tmp_path / "storage", monkeypatch)
    for nth in count(1, EVERY[lost]):
        disk.heal()
        empty(metadata)
        history = scene(storage, metadata, tmp_path, f"g{nth}")
        stand = Stand(history, storage)
        if lost == "lists":
            history.groom()
        pages = page_pack_keys(storage)  # the head has them not
        keys = [moved_key(one.key) if one.dropped else one.key
                for one in metadata.packs.all({"dropped": lost == "lists"})
                if one.key not in pages]  # fmt: skip
        for key in keys:
            storage.delete(key)

        disk.arm(Fault.KILL, nth)
        with suppress(Killed):
            stand.repair(keys)
        whole = not disk.dead
        disk.heal()

        assert [one.left for one in stand.repair(keys) if one.left] == []
        history.check()
        history.groom()
        history.check()
        assert stand.wrong() == []
        if whole:
            break
    assert nth > 10

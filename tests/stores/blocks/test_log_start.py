"""What is made of a snapshot keeps what it acknowledges, also when its mongod is killed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pymongo.write_concern import WriteConcern

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.head.files import snapshot_files
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.log_start import START_BYTES, LogStart
from mmsconsole.task import Task
from tests.support.snapshots import completed, snapshot_record

StartMongod = Callable[..., MongodProcess]
STARTS = 4
"""Each start of a mongod begins a log: the files then know of a number that is not small."""


def written(mongod: MongodProcess, *ids: int, journaled: bool = False) -> None:
    with mongod.client() as client:
        things = client.shop.get_collection("things", write_concern=WriteConcern(j=journaled))
        things.insert_many([{"_id": each} for each in ids])


def held(mongod: MongodProcess) -> list[int]:
    with mongod.client() as client:
        return sorted(each["_id"] for each in client.shop.things.find())


@pytest.mark.parametrize("opened_before", [True, False])
def test_a_copy_loses_no_acknowledged_write_to_a_kill(
    blockstore: Blockstore, start_mongod: StartMongod, short_folder: Path, opened_before: bool
) -> None:
    """A rebuilt head and a replayed restore are opened and closed once before their use."""
    for start in range(STARTS):
        head = start_mongod("head")
        written(head, start)
        head.stop()
    root, snapshot = short_folder / "head", snapshot_record("s1")
    made = blockstore.cut(snapshot, root, snapshot_files(root), None, Task())
    blockstore.materialise(completed(snapshot, made), short_folder / "copy", Task())
    if opened_before:
        start_mongod("copy").stop()

    copy = start_mongod("copy")
    written(copy, 100, journaled=True)
    copy.kill()

    assert held(start_mongod("copy")) == [*range(STARTS), 100]


def test_the_newest_log_is_gone_on_from(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    for number in (2, 10):
        log = tmp_path / "journal" / f"WiredTigerLog.{number:010d}"
        log.write_bytes(b"%d" % number + bytes(START_BYTES) + b"records")
    (tmp_path / "journal" / "WiredTigerPreplog.0000000099").touch()

    assert LogStart.of(tmp_path) == LogStart("journal/WiredTigerLog.0000000010", b"10")


def test_files_without_a_journal_have_none(tmp_path: Path) -> None:
    assert LogStart.of(tmp_path) is None
    assert LogStart.in_header({}, "a manifest") is None


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", ""])
def test_a_manifest_that_would_begin_a_journal_elsewhere_is_corrupt(path: str) -> None:
    with pytest.raises(ObjectCorrupt):
        LogStart.in_header({"log_start": {"path": path, "data": b"x"}}, "a manifest")

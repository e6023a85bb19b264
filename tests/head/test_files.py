"""Which files of a head belong to a snapshot."""

from pathlib import Path

import pytest

from mmsconsole.head.files import snapshot_files
from tests.support.snapshots import write_files


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("WiredTiger", True),
        ("WiredTiger.wt", True),
        ("WiredTiger.turtle", True),
        ("WiredTigerHS.wt", True),
        ("sizeStorer.wt", True),  # without it mongod does not start
        ("storage.bson", True),
        ("_mdb_catalog.wt", True),
        ("collection-0-123.wt", True),
        ("WiredTiger.lock", False),
        ("mongod.lock", False),
        ("journal/WiredTigerLog.0000000001", False),
        ("diagnostic.data/metrics.1", False),
        ("_tmp/extsort.1", False),
        (".tmp-collection.4711", False),  # a write of ours that died
    ],
)
def test_a_file_belongs_to_a_snapshot_or_not(tmp_path: Path, path: str, kept: bool) -> None:
    write_files(tmp_path, {path: b"data"})

    assert snapshot_files(tmp_path) == ([path] if kept else [])


def test_the_files_come_in_order_relative_to_the_folder(tmp_path: Path) -> None:
    write_files(tmp_path, {"b.wt": b"", "a.wt": b"", "deeper/c.wt": b""})

    assert snapshot_files(tmp_path) == ["a.wt", "b.wt", "deeper/c.wt"]

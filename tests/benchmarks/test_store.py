"""The benchmarks of the blockstore run, and count right. How fast anything is, no test says."""

from pathlib import Path

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.local import LocalStorage
from tests.benchmarks.head_changes import changed_bytes, run
from tests.benchmarks.restore_bench import HEAD, Stored, measured
from tests.benchmarks.store_bench import Bench
from tests.benchmarks.store_curve import Curve
from tests.benchmarks.store_files import make_files
from tests.support.snapshots import deployment_record


def test_a_round_runs_and_every_figure_is_there(metadata: Metadata, tmp_path: Path) -> None:
    bench = Bench(tmp_path, metadata, megabytes=4, threads=2, block_kib=4096)

    bench.round()

    assert {*bench.seconds} == {
        "plain", "first cut", "disk", "disk2", "sha256", "untouched", "same again", "cp + sync",
        "materialise",
    }  # fmt: skip


def test_a_restore_stands_beside_a_read_of_all_that_the_store_has(
    metadata: Metadata, tmp_path: Path
) -> None:
    make_files(tmp_path / "head", 4)
    metadata.deployments.add(deployment_record())
    storage = LocalStorage(tmp_path / "store")
    stored = Stored(tmp_path / "head", storage, metadata, "default", threads=2)

    (row,) = measured(tmp_path / "head", {"folder": stored}, rounds=1)

    assert len(row) == len(HEAD)
    assert stored.read_all() == sum(pack.bytes for pack in storage.list("packs"))


def test_what_was_touched_is_what_is_stored(metadata: Metadata, tmp_path: Path) -> None:
    rows = list(Curve(tmp_path, metadata, gigabytes=0.03).rows())

    stored = {row.what: row.stored_mb for row in rows}
    assert list(stored) == [
        "first", "the disk", "0 touched", "1 touched", "10 touched", "100 touched", "all read",
    ]  # fmt: skip
    assert stored["first"] > stored["100 touched"] > stored["10 touched"] > stored["1 touched"]
    assert stored["1 touched"] > stored["0 touched"]
    assert stored["all read"] == pytest.approx(stored["0 touched"], abs=0.05)


def test_a_head_is_changed_cut_and_restored(metadata: Metadata, short_folder: Path) -> None:
    rows = run(short_folder, metadata, megabytes=4, block_kib=64)

    stored = {str(what): float(str(megabytes)) for what, megabytes, *_ in rows}
    assert len(stored) == 7
    assert stored["nothing changed"] < stored["first snapshot"]


def test_changed_pages_are_counted(tmp_path: Path) -> None:
    before, now = tmp_path / "before", tmp_path / "now"
    pages = [bytes([number]) * 4096 for number in range(5)]
    before.write_bytes(b"".join(pages))
    now.write_bytes(pages[0] + b"x" + pages[1][1:] + b"".join(pages[2:]) + b"more")

    assert changed_bytes(before, now) == 4096 + 4
    assert changed_bytes(before, before) == 0
    assert changed_bytes(tmp_path / "none", now) == 5 * 4096 + 4

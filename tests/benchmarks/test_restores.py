"""The benchmarks of restores run, and count right. How fast anything is, no test says."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.metadata.database import Metadata
from tests.benchmarks import link, live_restore, to_mongod
from tests.support.backups import Bench
from tests.support.links import Desk


@pytest.mark.xdist_group("restores")
def test_a_round_starts_a_mongod_in_every_way(bench: Bench) -> None:
    found = to_mongod.measured(bench, megabytes=1, count=1500, rounds=1)

    assert found["entries"] == 1500
    assert set(found["seconds"]) == set(to_mongod.WAYS)
    assert set(found["parts"]) == {"cp", "start", "applyOps"}
    assert found["megabytes of files"] > 0


def test_ratios_are_of_one_round_and_the_one_in_the_middle_counts() -> None:
    ways = {"synced": 2.0, "bare": 9.0}
    rounds = [
        ways | {"copy": 2.0, "snapshot": 1.0, "moment": 5.9},
        ways | {"copy": 2.0, "snapshot": 3.0, "moment": 11.8},
        ways | {"copy": 4.0, "snapshot": 8.0, "moment": 35.6},
    ]

    found = to_mongod.figures(rounds, applying=[0.81, 0.81, 0.81])

    assert found["snapshot / copy"] == "1.50 (0.50 to 2.00)"
    assert found["snapshot / synced"] == "1.50 (0.50 to 4.00)"
    assert found["moment / what it may take"] == "2.00 (1.00 to 4.00)"
    assert found["seconds"]["snapshot"] == 3.0


def test_a_live_restore_stands_beside_a_bare_insert() -> None:
    found = live_restore.figures(megabytes=1, rounds=1)

    assert found["megabytes"] == pytest.approx(1, rel=0.2)
    assert set(found["rates"]) == {"bare", "live", "dump"}
    assert found["live / bare"] > 0


def test_a_link_stands_beside_a_plain_socket(
    metadata: Metadata, short_folder: Path, clock: SystemClock
) -> None:
    desk = Desk(metadata, short_folder, clock)
    found = link.report(link.measured(desk, short_folder / "head", megabytes=4, rounds=1))

    assert set(found) == {"ours", "known", "plain"}
    assert found["plain"]["ratio"] == 1
    assert all(one["first_seconds"] > 0 for one in found.values())


def test_a_push_by_ssh_stands_beside_the_sftp_program() -> None:
    asked = [sys.executable, "-m", "tests.benchmarks.sftp_bench", "4", "1"]

    ran = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=True)

    assert [line.split()[0] for line in ran.stdout.splitlines()] == ["ours", "sftp", "ours"]

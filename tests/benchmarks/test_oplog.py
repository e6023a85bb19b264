"""The benchmarks of the oplog run, and count right. How fast anything is, no test says."""

from pathlib import Path

import pytest

from mmsconsole.mongod.binaries import MongodBinary
from tests.benchmarks.apply_bench import Kind, Turn
from tests.benchmarks.oplog import arguments_of, run
from tests.benchmarks.watching import Memory, Reached, delays, quantiles, slope
from tests.benchmarks.writing import Acknowledged, read_acknowledged

TINY = ["--chunks", "1", "--chunk-entries", "1500", "--rate", "100", "--seconds", "2",
        "--away-entries", "400"]  # fmt: skip


@pytest.mark.xdist_group("product")
def test_every_stage_runs_and_tells_what_it_found(mongod_binary: MongodBinary) -> None:
    figures = run(arguments_of(TINY), mongod_binary, lambda _: None)

    kinds = {kind["name"]: kind["entries"] for kind in figures["apply"]}
    assert {name: kinds[name] for name in ("updates", "deletes", "mixed")} == {
        "updates": 1500, "deletes": 1500, "mixed": 1500,
    }  # fmt: skip
    assert kinds["inserts"] == 3000
    assert all(kind["ratio"] > 0 for kind in figures["apply"])

    live = figures["live"]
    assert 0 < live["writes"] <= 200
    assert live["chunks"] >= 1
    assert {*live["durable_after_seconds"]} == {*live["applied_after_seconds"]} == {
        "p50", "p99", "max",
    }  # fmt: skip
    assert {*live["cpu_seconds"]} == {"engine", "source", "heads"}
    assert figures["away"]["entries"] == 400


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(SystemExit):
        arguments_of(["--stages", "apply,nothing"])


# -- counting


def test_a_ratio_compares_turns_with_the_same_bytes() -> None:
    kind = Kind("inserts", [turn(1.0), turn(2.0), turn(10.0)], [turn(1.0), turn(1.0), turn(9.0)])
    found = kind.document
    assert found["ratio"] == 0.9
    assert found["ratios"] == [1.0, 0.5, 0.9]
    assert found["entries_per_second"] == 500
    assert found["python_share_of_cpu"] == 0.25


def turn(seconds: float) -> Turn:
    return Turn(1000, seconds, python_seconds=0.1, mongod_seconds=0.3)


def test_a_delay_lasts_until_the_first_look_that_reached_it() -> None:
    acknowledged = [Reached(10.0, (5, 1)), Reached(10.5, (5, 9)), Reached(12.0, (7, 1))]
    reached = [Reached(10.2, (4, 1)), Reached(11.0, (5, 9)), Reached(11.5, (6, 1))]
    assert delays(acknowledged, reached) == [1.0, 0.5]


def test_quantiles_are_of_the_ordered_values() -> None:
    assert quantiles([n / 100 for n in range(100, 0, -1)]) == {"p50": 0.51, "p99": 1.0, "max": 1.0}
    assert quantiles([2.0]) == {"p50": 2.0, "p99": 2.0, "max": 2.0}


def test_memory_that_grows_has_a_slope() -> None:
    assert slope([(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]) == 2.0
    memory = Memory(1)
    memory.samples = [(float(n), 100.0) for n in range(10)]
    assert memory.document["slope_mb_per_minute"] == 0.0
    memory.samples = [(float(n), 100.0 + n) for n in range(10)]
    assert memory.document["slope_mb_per_minute"] == 60.0
    assert memory.document["peak_mb"] == 109.0


def test_what_was_acknowledged_is_read_in_the_order_of_the_entries(short_folder: Path) -> None:
    path = short_folder / "acknowledged"
    path.write_text("11.500000 7 2 50\n11.250000 7 1 50\n")
    assert read_acknowledged(path) == [
        Acknowledged(11.25, (7, 1), 50), Acknowledged(11.5, (7, 2), 50),
    ]  # fmt: skip

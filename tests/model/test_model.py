"""A random schedule, played: the short form of python -m tests.model."""

import subprocess
import sys
from pathlib import Path

import bson
import pytest

from tests.model import schedule
from tests.model.ddl import DDL
from tests.model.drawing import drawn
from tests.model.faults import FAULTS
from tests.model.schedule import Step
from tests.model.shortening import shortened
from tests.model.values import DEPRECATED
from tests.model.writes import TRANSACTIONS, WRITES

SEED = 6
"""Its schedule has an election, kills of engine and member, and 31 of 36 kinds of steps."""
STEPS = 40
SECONDS_MAX = 1800


@pytest.mark.xdist_group("product")
def test_whatever_happens_every_noted_moment_is_restored_as_it_was(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.model", "--seed", str(SEED), "--steps", str(STEPS),
         "--examples", "1", "--failures", str(tmp_path)],
        capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    told = "\n".join(found.read_text("utf-8") for found in tmp_path.rglob("schedule.txt"))
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}\nseed {SEED}:\n{told}"


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    return drawn(SEED, STEPS, 2, tmp_path_factory.mktemp("drawn"))


def test_a_seed_gives_the_same_schedule_again(steps: list[Step], tmp_path: Path) -> None:
    schedule.save(drawn(SEED, STEPS, 2, tmp_path / "one"), tmp_path / "two")
    schedule.save(steps, tmp_path / "three")
    kept = {(tmp_path / name / schedule.FILE).read_bytes() for name in ("one", "two", "three")}
    assert len(kept) == 1


def test_another_seed_gives_another_schedule(steps: list[Step], tmp_path: Path) -> None:
    assert drawn(SEED + 1, STEPS, 2, tmp_path) != steps


def test_an_example_begins_empty_notes_moments_and_ends_with_a_check(steps: list[Step]) -> None:
    kinds = [step.kind for step in steps]
    assert kinds[0] == "empty"
    assert kinds[-1] == "check"
    assert kinds.count("check") == 2
    assert kinds.count("moment") >= 2


def test_every_step_is_one_that_can_be_played(steps: list[Step]) -> None:
    backup = {"empty", "prepare", "end_prepared", "moment", "snapshot", "check"}
    known = backup | WRITES.keys() | TRANSACTIONS.keys() | DDL.keys() | FAULTS.keys()
    assert {step.kind for step in steps} <= known


def test_what_is_saved_is_loaded_with_every_type(tmp_path: Path) -> None:
    step = Step("insert", {"where": "a.b", "documents": [{"_id": 1, "d": list(DEPRECATED)}]})
    schedule.save([step], tmp_path)
    loaded = schedule.load(tmp_path)[0]
    assert bson.encode(loaded.arguments) == bson.encode(step.arguments)
    assert (tmp_path / schedule.TEXT).read_text("utf-8").startswith("insert {'")


@pytest.mark.parametrize(
    ("needed", "left"),
    [([7], [7]), ([0, 9], [0, 9]), ([3, 4, 5], [3, 4, 5]), (range(10), list(range(10)))],
)
def test_a_failing_schedule_is_shortened_to_what_fails(needed: list[int], left: list[int]) -> None:
    assert shortened(range(10), lambda some: set(needed) <= set(some)) == left

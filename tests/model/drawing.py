"""python -m tests.model.drawing SEED STEPS EXAMPLES FOLDER: draws a schedule and saves it.

A process of its own, which imports nothing of the product: hypothesis uses constants of the
local modules that are loaded, and a seed is to give the same schedule whatever they are.
"""

import subprocess
import sys
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model import schedule
from tests.model.machine import BackupMachine, Pools
from tests.model.schedule import Step

SIMPLE = 3
"""Hypothesis tries the simplest examples first; they say little, and servers are slow."""
DRAWING_SECONDS_MAX = 300


def drawn(seed: int, steps: int, examples: int, folder: Path) -> list[Step]:
    """The schedule, which `folder` then holds."""
    asked = [str(number) for number in (seed, steps, examples)]
    subprocess.run(
        [sys.executable, "-m", "tests.model.drawing", *asked, str(folder)],
        check=True, timeout=DRAWING_SECONDS_MAX,
    )  # fmt: skip
    return schedule.load(folder)


def draw(seed: int, steps: int, examples: int) -> list[Step]:
    """`examples` in a row, each of at least `steps`."""
    pools, found = Pools.of_seed(seed), []

    @hypothesis.seed(seed)
    class Machine(BackupMachine):
        def __init__(self) -> None:
            super().__init__(pools)
            found.append(self.schedule)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=SIMPLE + examples, stateful_step_count=steps, phases=[Phase.generate],
            database=None, deadline=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    return [step for example in found[-examples:] for step in example]


def main(seed: str, steps: str, examples: str, folder: str) -> None:
    schedule.save(draw(int(seed), int(steps), int(examples)), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])

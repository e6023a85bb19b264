"""Several workers in threads, paused and resumed together."""

from collections import Counter
from random import Random
from types import TracebackType

from pymongo import MongoClient
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure

from mmsconsole.clock import SystemClock
from mmsconsole.demo.runner import Runner
from tests.support.workload import catalogue, transactions, writes
from tests.support.workload.world import Document, Step, World

STEPS: tuple[tuple[Step, int], ...] = (*writes.STEPS, *transactions.STEPS, *catalogue.STEPS)
ATTEMPTS_MAX = 10
STEP_SECONDS_MAX = 300.0
"""Of one that waits for an election, too."""


def kind(step: Step) -> str:
    """A step's name: "writes.insert_one"."""
    return f"{step.__module__.rpartition('.')[2]}.{step.__name__}"


KINDS = frozenset(kind(step) for step, _ in STEPS)


class Worker:
    """One seeded row of steps."""

    def __init__(
        self,
        client: MongoClient[Document],
        name: str,
        seed: int,
        rate: float,
        *,
        members_die: bool = False,
    ) -> None:
        self.members_die = members_die
        self.done: Counter[str] = Counter()
        self.refused: Counter[tuple[str, int]] = Counter()
        self.runner = Runner(self.step, per_second=rate, clock=SystemClock(), name=name)
        self.world = World(client, name, Random(seed), lambda: self.runner.hurried)
        self._steps, self._weights = zip(*STEPS, strict=True)

    def prepare(self) -> None:
        """The collections that the steps expect."""
        catalogue.create_all(self.world)

    def step(self) -> None:
        self.run(self.world.random.choices(self._steps, self._weights)[0])

    def run(self, step: Step) -> None:
        """A refusal by the server is counted; everything else is an error of the workload."""
        name = kind(step)
        try:
            step(self.world)
        except ConnectionFailure:
            if not self.members_die:
                raise
            self.refused[name, 0] += 1
        except (OperationFailure, BulkWriteError) as error:
            self.refused[name, error.code or 0] += 1
        else:
            self.done[name] += 1


class Workload:
    """`with Workload(client, seed=1) as workload:` writes until the end of the block."""

    def __init__(
        self,
        client: MongoClient[Document],
        *,
        seed: int,
        workers: int = 3,
        steps_per_second: float = 40,
        members_die: bool = False,
    ) -> None:
        """`members_die`: a step that a dying member takes along is counted as refused."""
        self.workers = [
            Worker(
                client,
                f"w{number}",
                seed * 1000 + number,
                steps_per_second,
                members_die=members_die,
            )
            for number in range(workers)
        ]

    def __enter__(self) -> "Workload":
        for worker in self.workers:
            worker.prepare()
            worker.runner.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers:
            worker.runner.stop(STEP_SECONDS_MAX)

    def pause(self) -> None:
        """Returns when no step runs, in any worker."""
        for worker in self.workers:
            worker.runner.pause(STEP_SECONDS_MAX)

    def resume(self) -> None:
        for worker in self.workers:
            worker.runner.resume()

    def check(self) -> None:
        for worker in self.workers:
            worker.runner.check()

    @property
    def steps(self) -> int:
        return sum(worker.runner.steps for worker in self.workers)

    @property
    def done(self) -> Counter[str]:
        """How often each kind of step succeeded."""
        return sum((worker.done for worker in self.workers), Counter())

    @property
    def refused(self) -> Counter[tuple[str, int]]:
        """How often the server refused a kind of step, by its error code."""
        return sum((worker.refused for worker in self.workers), Counter())

    def every_kind_once(self) -> None:
        """Run each kind of step now, in the caller's thread, so that none is left to chance."""
        worker = self.workers[0]
        for step, _ in STEPS:
            for _ in range(ATTEMPTS_MAX):
                worker.run(step)
                if worker.done[kind(step)]:
                    break

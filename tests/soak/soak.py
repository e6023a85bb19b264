"""A live workload and its backup, for as long as wanted, looked at all the while."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import psutil
from bson import SON

from tests.soak.figures import Figures, Sample, Stored
from tests.soak.probe import Probe
from tests.support.product import EVENTS_MAX, Product
from tests.support.stage import NAME, Moment, Stage
from tests.support.workload import Workload

MOMENTS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, in seconds; 0: never."""

    sample: float = 5
    snapshot: float = 180
    verify: float = 120
    kill: float = 0
    line: float = 120


class Soak:
    """Of a stage whose source and engine run, and of a workload that runs."""

    def __init__(
        self, stage: Stage, product: Product, workload: Workload, random: Random, plan: Plan
    ) -> None:
        self.figures = Figures()
        self.stage = stage
        self.product = product
        self.workload = workload
        self.random = random
        self.moments: list[Moment] = []
        self.began = stage.clock.monotonic()
        self.probe = Probe(stage.client, product.stored_end, stage.clock)
        self._snapshots: list[str] = []
        self._due = {
            self.sample: plan.sample,
            self.snapshot: plan.snapshot,
            self.verify: plan.verify,
            self.kill: plan.kill,
        }
        self._next = {act: period for act, period in self._due.items() if period}

    @property
    def seconds(self) -> float:
        return self.stage.clock.monotonic() - self.began

    def begin(self) -> None:
        """In sync, with a first snapshot: the window begins here."""
        self.product.add_and_start()
        self.product.wait_in_sync()
        self.snapshot()
        self._settle_snapshots()
        self.probe.start()

    def tick(self) -> None:
        """Whatever is due."""
        self.workload.check()
        for act in [act for act, at in self._next.items() if self.seconds >= at]:
            act()
            self._next[act] = self.seconds + self._due[act]

    def end(self) -> None:
        """A last look at everything."""
        self.probe.stop()
        self.verify()
        self._settle_snapshots()
        self._count()

    # -- acts

    def sample(self) -> None:
        engine = self.stage.engine
        lag = self.product.status.head
        self.figures.samples.append(
            Sample(
                self.seconds,
                _resident([engine.pid] if engine else []),
                _resident(self.product.head_pids()),
                lag.lag_seconds if lag else None,
            )
        )
        self._count()

    def snapshot(self) -> None:
        self._snapshots.append(self.product.ask_for_snapshot())

    def verify(self) -> None:
        """Nobody writes meanwhile: the head is the source, and a random moment is what it was."""
        self.workload.pause()
        self.probe.pause()
        try:
            moment = self._compare_head()
        finally:
            self.probe.resume()
            self.workload.resume()
        self.moments.append(moment)
        del self.moments[:-MOMENTS_KEPT]
        self._compare_restore()
        self.figures.wrong += [f"a gap in the stored oplog: {gap}" for gap in self.product.gaps()]

    def kill(self) -> None:
        """Engine, head or metadata database, by SIGKILL."""
        victim = self.random.choice((self._kill_engine, self._kill_head, self._kill_metadata))
        victim()
        self.figures.kills += 1

    # -- how

    def _compare_head(self) -> Moment:
        while True:
            moment = self.stage.moment(f"moment at {self.seconds:.0f} s")
            found = self.product.head_differs(moment)
            if not found or self.stage.moment("now").optime == moment.optime:
                break  # else the source's TTL monitor wrote meanwhile
        self.figures.heads += 1
        self.figures.wrong += [f"{moment.label}: the head differs: {what}" for what in found]
        return moment

    def _compare_restore(self) -> None:
        moment = self.random.choice(self.moments)
        self.product.wait_stored(moment.optime)
        self.figures.wrong += self.product.restore_differs([moment])
        self.figures.restores += 1

    def _settle_snapshots(self) -> None:
        for id_ in self._snapshots:
            ended = self.product.wait_for_snapshot(id_)
            self.figures.snapshots += ended.state == "complete"
            if ended.state != "complete" and not self.figures.kills:
                self.figures.wrong.append(f"snapshot {id_} {ended.state}: {ended.reason}")
        self._snapshots.clear()

    def _count(self) -> None:
        self.figures.steps = self.workload.steps
        self.figures.durable_seconds = list(self.probe.seconds)
        self.figures.stored = self.product.ask(self._stored)
        self._count_events()

    def _stored(self) -> Stored:
        chunks = self.product.metadata.chunks.collection
        sums = {name: {"$sum": f"${name}"} for name in ("entries", "raw_bytes", "stored_bytes")}
        group = SON(_id=None, chunks={"$sum": 1}, **sums)
        found = next(chunks.aggregate([{"$group": group}, {"$unset": "_id"}]), {})
        return Stored(**found)

    def _count_events(self) -> None:
        product = self.product
        events = product.ask(lambda: product.operations.events(NAME, limit=EVENTS_MAX))
        self.figures.events = Counter(event.kind for event in events)
        known = self.figures.wrong
        known += [said for said in product.mended() if said not in known]

    def _kill_engine(self) -> None:
        self.stage.kill_engine()
        self.stage.wait(
            "mongods of a dead engine still run",
            lambda: True if not self.stage.mongods_of_engine() else None,
        )
        self.stage.start_engine()

    def _kill_head(self) -> None:
        _kill(self.product.head_pids)

    def _kill_metadata(self) -> None:
        _kill(self.product.metadata_pids)


def _kill(pids: Callable[[], list[int]]) -> None:
    for pid in pids():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _resident(pids: list[int]) -> int:
    """Bytes; of those that run."""
    total = 0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            total += psutil.Process(pid).memory_info().rss
    return total

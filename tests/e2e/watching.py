"""python -m tests.e2e.watching --minutes N [--seed S] [--interval SECONDS]

An engine watches a replica set of three members, to which something happens all the time. Every
alert that must come is waited for, and its end; in the first half of the time the engine and the
metadata database are killed now and then. At the end: no alert was missed, none came twice or
without a cause, none stayed open, and no sample is missing but of members that were away, or
while the engine was. The exit code is 1 if anything was wrong.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random

import psutil

from mmsconsole.metadata.samples import Grain
from mmsconsole.mongod.binaries import find_binaries
from tests.e2e.watching_figures import Fault, Figures, holes, not_caused, text
from tests.support import victims
from tests.support.folders import short_folder_for
from tests.support.locking import lock
from tests.support.watched import (
    HOST_DOWN,
    LAG,
    LOCKED,
    NEW_PRIMARY,
    OPEN,
    OVER,
    Watched,
    watched,
)

DELAY_SECONDS = 4
CHANCE_OF_A_KILL = 0.4
PAUSE_SECONDS = (1.0, 8.0)


class Watching:
    """Acts, one after another, and what is to be told of each."""

    def __init__(self, stage: Watched, chance: Random, interval: float) -> None:
        self.stage = stage
        self.source = stage.stage.source
        self.figures = Figures()
        self.kills = True
        self._chance = chance
        self._interval = interval
        self._acts: list[Callable[[], list[int]]] = []
        self._disturbed = self._engine_killed = False
        self._began = datetime.now(UTC)

    def begin(self) -> None:
        for condition in (HOST_DOWN, LOCKED):
            self.stage.set_rule(condition, "--for", f"{DELAY_SECONDS}s")
        self.stage.set_rule(LAG, "--threshold", "8s", "--for", f"{DELAY_SECONDS}s")
        self.stage.close_after(DELAY_SECONDS)
        self.stage.wait_well()
        self._began = datetime.now(UTC)

    def round(self) -> str:
        act = self._next_act()
        name = act.__name__.replace("_", " ")
        self._disturbed = self._engine_killed = False
        begin = datetime.now(UTC)
        hit = [self.stage.host(index) for index in act()]
        self.stage.wait_well()
        self.stage.forget_flaps()
        end = datetime.now(UTC)
        self.figures.faults.append(Fault(name, frozenset(hit), begin, end, self._engine_killed))
        self.figures.acts[name] += 1
        self._measure()
        time.sleep(self._chance.uniform(*PAUSE_SECONDS))
        return name

    def _next_act(self) -> Callable[[], list[int]]:
        """Each once, in a new order each time."""
        if not self._acts:
            self._acts = [
                self.a_secondary_dies, self.the_primary_dies, self.all_die, self.another_primary,
                self.a_secondary_is_locked, self.a_secondary_stands_still,
            ]  # fmt: skip
            self._chance.shuffle(self._acts)
        return self._acts.pop()

    # -- what happens; each answers with the members that it hit

    def a_secondary_dies(self) -> list[int]:
        return self._die([self._secondary()])

    def the_primary_dies(self) -> list[int]:
        before = self.stage.count(OPEN, NEW_PRIMARY)
        hit = self._die([self.source.primary()])
        self.stage.wait_told(OPEN, NEW_PRIMARY, times=before + 1)
        return hit

    def all_die(self) -> list[int]:
        return self._die(range(len(self.source.addresses)))

    def a_secondary_stands_still(self) -> list[int]:
        index = self._secondary()
        pid = self.source.member(index).pid
        with self._told(OVER, HOST_DOWN, [index]):
            with self._told(OPEN, HOST_DOWN, [index]):
                os.kill(pid, signal.SIGSTOP)
                self._perhaps_kill()
            os.kill(pid, signal.SIGCONT)
        return [index]

    def a_secondary_is_locked(self) -> list[int]:
        index = self._secondary()
        with self.source.member_client(index) as client, self._told(OVER, LOCKED, [index]):
            with self._told(OPEN, LAG, [index]), self._told(OPEN, LOCKED, [index]):
                lock(client)
                self._perhaps_kill()
            client.admin.command("fsyncUnlock")
        return [index]

    def another_primary(self) -> list[int]:
        with self._told(OPEN, NEW_PRIMARY):
            self.source.step_down()
            self._perhaps_kill()
        return []

    def _die(self, indexes: Iterable[int]) -> list[int]:
        hit = list(indexes)
        with self._told(OVER, HOST_DOWN, hit):
            with self._told(OPEN, HOST_DOWN, hit):
                for index in hit:
                    self.source.kill_member(index)
                self._perhaps_kill()
            for index in hit:
                self.source.start_member(index)
        return hit

    def _secondary(self) -> int:
        self.source.wait_for_secondaries()
        return self._chance.choice(self.source.secondaries())

    def _perhaps_kill(self) -> None:
        """Just after the cause: before people are told, or while, or when they were."""
        if not self.kills or self._chance.random() > CHANCE_OF_A_KILL:
            return
        self._disturbed = True
        time.sleep(self._chance.uniform(0, 2 * DELAY_SECONDS))
        if self._chance.random() < 0.5:
            victims.engine(self.stage.product)
            self._engine_killed = True
            self.figures.kills["engine"] += 1
            self.figures.memory.clear()
        else:
            victims.metadata(self.stage.product)
            self.figures.kills["metadata database"] += 1

    @contextmanager
    def _told(self, lead: str, condition: str, indexes: Iterable[int] = ()) -> Iterator[None]:
        """One mail more of each than before the block, in time; the block is the cause."""
        subjects = [self.stage.host(index) for index in indexes] or [""]
        before = {subject: self.stage.count(lead, condition, subject) for subject in subjects}
        began = time.monotonic()
        yield
        for subject in subjects:
            self.stage.wait_told(lead, condition, subject, times=before[subject] + 1)
            if not self._disturbed:
                seconds = self.figures.told_seconds.setdefault(f"{lead}{condition}", [])
                seconds.append(time.monotonic() - began)

    # -- what is seen

    def _measure(self) -> None:
        assert self.stage.stage.engine is not None
        process = psutil.Process(self.stage.stage.engine.pid)
        times = process.cpu_times()
        alive = time.time() - process.create_time()
        self.figures.memory.append((time.monotonic(), process.memory_info().rss))
        self.figures.cpu_percent = 100 * (times.user + times.system) / alive
        agents = self.stage.product.ask(self.stage.product.operations.agents)
        self.figures.agent_percent = max(agent.cpu_percent for agent in agents)

    def end(self) -> None:
        self.stage.wait_quiet()
        faults, wrong = self.figures.faults, self.figures.wrong
        wrong += self.stage.told_wrongly()
        for alert in self.stage.alerts():
            if alert.condition in (HOST_DOWN, LOCKED):
                said = not_caused(alert.condition, alert.subject, alert.opened_at, faults)
                wrong += [said] if said else []
        for host in map(self.stage.host, range(len(self.source.addresses))):
            times = self._sampled(host)
            self.figures.samples += len(times)
            wrong += holes(host, times, self._interval, faults)
        self.figures.mails = len(self.stage.mails)
        twice = self.figures.mails - len(self.stage.told)
        if twice > self.figures.kills["engine"]:
            wrong.append(f"{twice} mails came twice")

    def _sampled(self, host: str) -> list[datetime]:
        product = self.stage.product
        found = product.metadata.samples.series(
            Grain.FINE, product.deployment.id, host, ["uptime"], self._began, datetime.now(UTC)
        )
        return [sample.at for sample in found]


def play(minutes: float, seed: int, interval: float) -> Figures:
    binary = find_binaries([], os.environ)[-1]
    with (
        short_folder_for("mms-watch-") as folder,
        watched(folder, binary, seconds=interval) as stage,
    ):
        watching = Watching(stage, Random(seed), interval)
        watching.begin()
        began = time.monotonic()
        while (passed := time.monotonic() - began) < minutes * 60:
            watching.kills = passed < minutes * 30
            print(f"  {passed:5.0f} s: {watching.round()}", flush=True)
        watching.end()
        print(text(time.monotonic() - began, watching.figures), flush=True)
        return watching.figures


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.watching", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval", type=float, default=2, help="seconds between two polls")
    asked = parser.parse_args()
    return 1 if play(asked.minutes, asked.seed, asked.interval).wrong else 0


if __name__ == "__main__":
    sys.exit(main())

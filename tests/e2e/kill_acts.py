"""Acts of the kill loop, each with a SIGKILL in it, and what must hold after each of them."""

from collections import Counter
from collections.abc import Callable
from random import Random

from mmsconsole.mongod.process import GUARD_GRACE_SECONDS
from mmsconsole.storage.open import open_storage
from tests.support.leftovers import leftovers
from tests.support.product import Product
from tests.support.stage import NAME, Moment, Stage
from tests.support.stored_blocks import wrong_blocks
from tests.support.victims import AMID, FOLLOWING, RESTORING, SYNCING, Victim
from tests.support.workload import Workload

DELAY_SECONDS_MAX = 1.5
MOMENTS_KEPT = 4
SYNC_KILLS = 2


class KillLoop:
    """Acts, each with a kill in it. The workload runs all the while."""

    def __init__(self, stage: Stage, workload: Workload, random: Random) -> None:
        self.stage = stage
        self.workload = workload
        self.random = random
        self.product = Product(stage)
        self.moments: list[Moment] = []
        self.kills: Counter[str] = Counter()

    def close(self) -> None:
        self.product.close()

    # -- acts

    def sync(self, *killed: Victim) -> None:
        """The initial sync, with kills in it, and a first snapshot to restore from."""
        self.product.add_and_start()
        for victim in killed or self.random.choices(SYNCING, k=SYNC_KILLS):
            self.kill_soon(victim)
        self.product.wait_in_sync()
        self._complete(self.product.ask_for_snapshot())
        self.insist()

    def apply(self, *killed: Victim) -> None:
        """While the tail stores and the head applies."""
        for victim in killed or [self.random.choice(FOLLOWING)]:
            self.kill_soon(victim)
        self.product.wait_in_sync()
        self.insist()

    def snapshot(self, victim: Victim | None = None) -> None:
        """It goes on by itself, and ends complete."""
        taken = self.product.ask_for_snapshot()
        self.kill_soon(victim or self.random.choice(FOLLOWING))
        self._complete(taken)
        self.insist()

    def restore(self, victim: Victim | None = None) -> None:
        """It goes on by itself, and what it leaves equals the moment."""
        self.product.wait_stored(self.moments[-1].optime)
        moment = self.random.choice(self.restorable(self.moments))
        soon = victim or self.random.choice(RESTORING)
        found = self.product.restore_differs([moment], meanwhile=lambda: self.kill_soon(soon))
        assert not found, found
        self.insist()

    def rebuild(self, victim: Victim | None = None) -> None:
        """Of the head, from a snapshot and the stored oplog; it goes on by itself."""
        self.product.ask(lambda: self.product.operations.rebuild_head(NAME))
        self.kill_soon(victim or self.random.choice(FOLLOWING))
        self.product.wait_in_sync()
        self.insist()

    @property
    def acts(self) -> tuple[Callable[[], None], ...]:
        return (self.apply, self.snapshot, self.restore, self.rebuild)

    def round(self) -> str:
        act, before = self.random.choice(self.acts), self.kills.copy()
        act()
        return f"{act.__name__}, killed: {', '.join((self.kills - before).keys())}"

    def kill_soon(self, victim: Victim, seconds_max: float = DELAY_SECONDS_MAX) -> None:
        """A random moment later. Who waits for a moment of its own would often miss it so."""
        if victim not in AMID:
            self.stage.clock.sleep(self.random.uniform(0, seconds_max))
        victim(self.product)
        self.kills[victim.__name__] += 1
        self.workload.check()

    def _complete(self, snapshot: str) -> None:
        ended = self.product.wait_for_snapshot(snapshot)
        assert ended.state == "complete", f"snapshot {snapshot} is {ended.state}: {ended.reason}"

    # -- what must hold

    def insist(self) -> None:
        """The head equals the source; every block of a complete snapshot has its bytes; the
        stored oplog is unbroken. The moment is kept, to be restored.
        """
        self.workload.pause()
        moment = self.stage.moment(f"moment after {self.kills.total()} kills")
        found = self.product.head_differs(moment)
        self.workload.resume()
        assert not found, f"the head differs, {moment.label}: {found}"
        gaps = self.product.gaps()
        assert not gaps, gaps
        self.insist_on_blocks()
        self.moments.append(moment)
        del self.moments[:-MOMENTS_KEPT]

    def insist_on_blocks(self) -> None:
        storage, metadata = open_storage(self.product.settings), self.product.metadata
        deployment = self.product.deployment.id
        wrong = self.product.ask(lambda: wrong_blocks(storage, metadata, deployment))
        assert not wrong, wrong

    def restorable(self, moments: list[Moment]) -> list[Moment]:
        """All that were told: nothing is taken away here."""
        return moments

    def end(self, restores: int = MOMENTS_KEPT) -> None:
        """The newest moments are restored as they were; the stopped engine leaves nothing."""
        self.workload.pause()
        self.product.wait_stored(self.moments[-1].optime)
        found = self.product.restore_differs(self.restorable(self.moments)[-restores:])
        assert not found, found
        self.close()  # as long as somebody answers: it would wait for that
        assert self.stage.engine is not None
        self.stage.engine.stop()
        left = self._leftovers()
        if left:  # a mongod that was killed in the end needs a moment
            self.stage.clock.sleep(GUARD_GRACE_SECONDS)
            left = self._leftovers()
        assert not left, left

    def _leftovers(self) -> list[str]:
        folder = self.stage.folder
        return leftovers(folder / "home", sorted(folder.glob("restored*")))

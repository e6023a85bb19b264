"""Acts on a history: snapshots come and go, the store is groomed and checked, with kills in it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from mmsconsole.daemon.catalogues import ask_for_catalogue
from mmsconsole.errors import NotFound, Refused
from mmsconsole.operations.views import JobView
from mmsconsole.settings import DEFAULT_STORE
from tests.e2e.history_rules import HistoryRules
from tests.e2e.kill_acts import KillLoop
from tests.support.stage import NAME, Moment, Stage
from tests.support.victims import AT_A_STORE, VERIFYING, Victim
from tests.support.workload import Workload

HISTORY_SETTINGS = {
    "MMSCONSOLE_POLICY_VERIFY": "every",
    "MMSCONSOLE_GROOM_INTERVAL_HOURS": "0",
    "MMSCONSOLE_CHECK_INTERVAL_HOURS": "0",
    # Longer than any write takes until its record is there, also over a killed metadata database.
    "MMSCONSOLE_GROOM_ORPHAN_HOURS": "0.01",
}
CHURNED_DOCUMENTS = 1_500
CHURNED_BYTES = 400
SOON_SECONDS = 0.4
"""What works on a store here is over in a second: a kill is to come in the middle."""
HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Keeping:
    """A policy that is shorter than people may set one."""

    seconds: float
    """So long every snapshot is kept."""
    window_seconds: float
    """So far back the oplog is kept."""

    @property
    def keys(self) -> dict[str, Any]:
        return {
            "base_days": self.seconds / (24 * HOUR_SECONDS), "daily": 0, "weekly": 0, "monthly": 0,
            "oplog_hours": self.window_seconds / HOUR_SECONDS,
        }  # fmt: skip


class HistoryLoop(KillLoop):
    """The kill loop over what makes, keeps and takes away a history."""

    def __init__(self, stage: Stage, workload: Workload, random: Random, keeping: Keeping) -> None:
        super().__init__(stage, workload, random)
        orphan_hours = self.product.settings.tree.groom.orphan_hours
        self.rules = HistoryRules(self.product, orphan_hours)
        self._keeping = keeping
        self._held = ""
        self._last = ""
        """The newest complete snapshot, as far as it is known: it stays until there is another."""

    # -- acts

    def sync(self, *killed: Victim) -> None:
        """And from then on the policy is a short one; the first snapshot is held."""
        super().sync(*killed)
        deployment, clock = self.product.deployment.id, self.stage.clock
        policies = self.product.metadata.policies
        self.product.ask(
            lambda: policies.change(deployment, self._keeping.keys, clock.now(), "a test") or True
        )
        self._hold(self.rules.complete()[-1].id)

    def snapshot(self, victim: Victim | None = None) -> None:
        """Of a head that has changed, so that blocks of earlier ones die."""
        self.churn()
        super().snapshot(victim)

    def delete(self, victim: Victim | None = None) -> None:
        """By hand; it is refused for one that somebody uses."""
        chosen = self._to_delete()
        if chosen:
            self._ask_to_delete(chosen)
        self.kill_soon(victim or self.random.choice(AT_A_STORE), SOON_SECONDS)
        self.insist()

    def hold(self, victim: Victim | None = None) -> None:
        """Another one: what was held goes its way."""
        before = self._held
        self._hold(self._last)
        if before not in ("", self._held):
            self.product.ask(lambda: self.product.operations.release_snapshot(before))
        self.kill_soon(victim or self.random.choice(AT_A_STORE), SOON_SECONDS)
        self.insist()

    def groom(self, victim: Victim | None = None) -> None:
        job = self.product.ask(self.product.operations.start_groom)
        self._kill_amid(job.id, victim or self.random.choice(AT_A_STORE))
        self.rules.wait_for_job(job.id)
        self.insist()

    def check(self, victim: Victim | None = None) -> None:
        asked = self.product.ask(lambda: self.product.operations.start_check(share=1.0))
        self._kill_amid(asked.job, victim or self.random.choice(AT_A_STORE))
        self.rules.is_well(asked)
        self.insist()

    def verify(self, victim: Victim | None = None) -> None:
        """Its verdict is good, whoever was killed meanwhile."""
        last = self._last
        job = self.product.ask(lambda: self.product.operations.verify_snapshot(last))
        self._kill_amid(job.id, victim or self.random.choice(VERIFYING))
        self._is_good(last, job)
        self.insist()

    def catalogue(self, victim: Victim | None = None) -> None:
        metadata, clock = self.product.metadata, self.stage.clock
        job = self.product.ask(lambda: ask_for_catalogue(metadata, DEFAULT_STORE, clock.now()))
        self._kill_amid(job.id, victim or self.random.choice(AT_A_STORE))
        self.rules.wait_for_job(job.id)
        self.insist()

    def all_at_once(self, *killed: Victim) -> None:
        """A snapshot is taken and another one goes, while the store is groomed and checked, and
        a third one is verified.
        """
        self.churn()
        operations, ask = self.product.operations, self.product.ask
        taken = self.product.ask_for_snapshot()
        chosen = self._to_delete()
        checked = ask(lambda: operations.start_check(share=1.0))
        groomed = ask(operations.start_groom)
        verified = ask(lambda: operations.verify_snapshot(self._held))
        if chosen:
            self._ask_to_delete(chosen)
        for victim in killed or self.random.choices(AT_A_STORE, k=2):
            self.kill_soon(victim)
        self._complete(taken)
        self.rules.wait_for_job(groomed.id)
        self.rules.is_well(checked)
        self._is_good(self._held, verified)
        self.insist()

    @property
    def acts(self) -> tuple[Callable[[], None], ...]:
        return (
            self.snapshot, self.snapshot, self.delete, self.hold, self.groom, self.check,
            self.verify, self.catalogue, self.all_at_once, self.all_at_once, self.restore,
            self.rebuild,
        )  # fmt: skip

    # -- pieces of acts

    def churn(self) -> None:
        """A part of the ballast gets other bytes, which do not compress."""
        first = self.random.randrange(0, max(1, self._ballast() - CHURNED_DOCUMENTS))
        text = self.random.randbytes(CHURNED_BYTES).hex()
        chosen = {"_id": {"$gte": first, "$lt": first + CHURNED_DOCUMENTS}}
        # Each document another text: equal ones would compress again.
        change = [{"$set": {"text": {"$concat": [{"$toString": {"$rand": {}}}, text]}}}]
        self.stage.client.ballast.first.update_many(chosen, change)

    def _ballast(self) -> int:
        return int(self.stage.client.ballast.first.estimated_document_count())

    def _hold(self, id_: str) -> None:
        self.product.ask(lambda: self.product.operations.hold_snapshot(id_, "a test holds it"))
        self._held = id_

    def _to_delete(self) -> str:
        """Neither the held nor the newest; empty where there is none."""
        stay = (self._held, self._last)
        found = [one.id for one in self.rules.complete() if one.id not in stay]
        return self.random.choice(found) if found else ""

    def _ask_to_delete(self, id_: str) -> None:
        def ask() -> bool:
            try:
                self.product.operations.delete_snapshot(id_)
            except (Refused, NotFound):
                return False  # somebody uses it; or the policy was faster
            return True

        self.product.ask(ask)

    def _is_good(self, id_: str, asked: JobView) -> None:
        self.rules.wait_for_job(asked.id)
        found = self.product.ask(lambda: self.product.operations.snapshot(id_))
        assert found.verdict == "good", f"the verdict on {id_} is {found.verdict}"

    def _kill_amid(self, job: str, victim: Victim) -> None:
        """While the job is being worked on, if it takes so long."""

        def begun() -> bool | None:
            return True if self.product.operations.job(job).state != "queued" else None

        if job:
            self.product.wait(f"job {job} was not taken", begun)
        self.kill_soon(victim, SOON_SECONDS)

    def _complete(self, snapshot: str) -> None:
        super()._complete(snapshot)
        self._last = snapshot

    # -- what must hold

    def insist(self) -> None:
        super().insist()
        self.rules.nothing_stays_half_deleted()
        self.rules.are_there(id_ for id_ in (self._held, self._last) if id_)
        self.rules.windows_are_whole()
        if self._held:  # there is a history
            self.rules.groomed()
            self.rules.checked()
        self.rules.no_bad_news()

    def restorable(self, moments: list[Moment]) -> list[Moment]:
        """Those that the windows hold; young ones must be among them."""
        windows = self.product.status.windows
        inside = [
            one for one in moments if any(each.start <= one.optime <= each.end for each in windows)
        ]
        newest = max(moment.optime for moment in moments)
        young = newest.t - self._keeping.window_seconds
        lost = [one for one in moments if one.optime.t > young and one not in inside]
        assert not lost or not self._keeping.window_seconds, f"not in a window: {lost}, {windows}"
        return inside

    def restore_from_store_alone(self) -> None:
        """The newest moment, when the engine has stopped."""
        moment, target = self.moments[-1], self.stage.new_target()
        store = self.product.settings.store_folders[DEFAULT_STORE]
        self.stage.cli.ask(
            "store", "restore", str(store), "--deployment", NAME, "--at", str(moment.optime),
            "--to-folder", str(target),
        )  # fmt: skip
        found = self.stage.differs(target, moment)
        assert not found, found

"""Witnesses of a head: at the time of a snapshot, and at random moments between two."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random

from mmsconsole.errors import Cancelled
from mmsconsole.head.keeping import KeptHead
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.snapshots import Snapshot, Verdict
from mmsconsole.metadata.witnesses import Witness, pack
from mmsconsole.policy.policy import Verify
from mmsconsole.policy.verifying import is_due
from mmsconsole.settings import Settings
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.witness_reading import WitnessReading

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
LOOK_SECONDS = 60.0
"""How often it is looked whether a moment's time has come."""
MOMENTS_KEPT = 5
"""Of one deployment, between snapshots."""

Leave = Callable[[], bool]


class Witnessing:
    """Of one deployment's heads. For who has the head's lock."""

    def __init__(self, resources: Resources, deployment: str) -> None:
        self._resources = resources
        self._metadata = resources.metadata
        self._deployment = deployment
        self._look_at = 0.0

    def of_snapshot(self, kept: KeptHead, snapshot: Snapshot, leave: Leave) -> None:
        """While the head still stands where the snapshot was taken. Raises MongodError."""
        if not self._wants(snapshot) or self._metadata.witnesses.of_snapshot(snapshot.id):
            return
        position = kept.position()
        if position is not None and position.applied == snapshot.optime:
            self._take(kept, snapshot.id, leave)

    def of_moment_if_due(self, kept: KeptHead, leave: Leave) -> None:
        """Asks the metadata once a minute only. Raises MongodError."""
        clock = self._resources.clock
        if clock.monotonic() < self._look_at:
            return
        self._look_at = clock.monotonic() + LOOK_SECONDS
        if self._moment_is_due():
            self._take(kept, "", leave)
            self._drop_oldest()

    def _wants(self, snapshot: Snapshot) -> bool:
        """Whether the snapshot is to be verified, as its policy says."""
        deployment = self._metadata.deployments.get(self._deployment)
        verify = verify_of(self._metadata, self._resources.settings, deployment)
        complete = self._metadata.snapshots.complete(self._deployment)
        return is_due(verify, snapshot.created_at, taken_of_verified(complete, snapshot))

    def _moment_is_due(self) -> bool:
        deployment = self._metadata.deployments.get(self._deployment)
        per_day = self._resources.settings.tree.verification.moments_per_day
        if verify_of(self._metadata, self._resources.settings, deployment) == Verify.NEVER.value:
            return False
        first = next(self._metadata.snapshots.complete(self._deployment), None)
        if first is None:
            return False
        moments = [one for one in self._metadata.witnesses.of(self._deployment) if not one.snapshot]
        last = moments[-1] if moments else None
        begin, seed = (last.taken_at, last.id) if last else (first.created_at, first.id)
        due = next_moment(begin, per_day, Random(seed))  # noqa: S311 - chance, no secret
        return due is not None and self._resources.clock.now() >= due

    def _take(self, kept: KeptHead, snapshot: str, leave: Leave) -> None:
        head = self._metadata.heads.get(kept.head.id)
        position = kept.position()
        if head.suspect or position is None or position.applying_until is not None:
            return
        seconds = self._resources.settings.tree.verification.hash_seconds
        try:
            seen = WitnessReading(kept.server, self._resources.clock, seconds, leave).run()
        except Cancelled as left:
            log.info("no witness of %s at %s: %s", self._deployment, position.applied, left)
            return
        packed = pack(seen.namespaces)
        if packed is None:
            log.warning("no witness of %s: it has too many collections", self._deployment)
            return
        self._metadata.witnesses.add(
            Witness(
                new_id(), self._deployment, head.id, position.applied,
                self._resources.clock.now(), snapshot, len(seen.namespaces), seen.unhashed, packed,
            )
        )  # fmt: skip

    def _drop_oldest(self) -> None:
        moments = [one for one in self._metadata.witnesses.of(self._deployment) if not one.snapshot]
        for one in moments[:-MOMENTS_KEPT]:
            self._metadata.witnesses.remove(one.id)


def verify_of(metadata: Metadata, settings: Settings, deployment: Deployment) -> str:
    """Which of its snapshots are verified, as its policy says."""
    return metadata.policies.of(deployment, settings.tree.policy.policy).verify


def taken_of_verified(snapshots: Iterable[Snapshot], but: Snapshot) -> list[datetime]:
    """When those were taken that have a verdict. Pure."""
    return [
        one.created_at for one in snapshots if one.verdict is not Verdict.NONE and one.id != but.id
    ]


def next_moment(begin: datetime, per_day: float, rng: Random) -> datetime | None:
    """When the next moment between snapshots gets its witness: at random, so that no time of the
    day is left out; None: never. Pure.
    """
    if per_day <= 0:
        return None
    return begin + DAY / per_day * rng.uniform(0.5, 1.5)

"""Which moment of a deployment's window is verified next, as its records say."""

from collections.abc import Sequence
from random import Random

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.verification.moments import StoredOplog, Verifiable, chosen, verifiable


def verifiable_of(
    metadata: Metadata, deployment_id: str, witnesses: Sequence[Witness]
) -> list[Verifiable]:
    """Those of the witnesses whose moments can be restored now."""
    oplog = StoredOplog(
        metadata.chunks.stretches(deployment_id),
        list(metadata.window_ends.of(deployment_id)),
        metadata.deployments.get(deployment_id).oplog_from,
    )
    return verifiable(witnesses, list(metadata.snapshots.complete(deployment_id)), oplog)


def choose_moment(metadata: Metadata, deployment_id: str, rng: Random) -> Verifiable | None:
    """One at random; None: the head has said nothing yet of a moment that can be restored."""
    witnesses = metadata.witnesses.of(deployment_id)
    return chosen(verifiable_of(metadata, deployment_id, witnesses), rng)

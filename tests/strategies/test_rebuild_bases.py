"""A rebuild and who deletes at the same time: neither takes from under the other."""

from dataclasses import replace
from typing import Any

import pytest

from mmsconsole.errors import Busy, ResyncRequired
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.in_use import mark_for_deletion
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.rebuilding import Rebuilding
from mmsconsole.task import Task
from tests.metadata.records import NOW, chunk
from tests.support.snapshots import deployment_record


@pytest.fixture
def shop(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A head to be rebuilt, and the snapshots s10 and s20; nothing is materialised."""
    monkeypatch.setattr(Rebuilding, "_fill", lambda *_: None)
    metadata = resources.metadata
    for seconds in (10, 20):
        metadata.snapshots.add(
            Snapshot(
                f"s{seconds}", "d1", "h1", NOW, SnapshotState.COMPLETE, Optime(seconds, 1),
                mongod_version="6.0.5", fcv="6.0",
            )
        )  # fmt: skip
    metadata.chunks.add(chunk(Optime(5, 1), Optime(15, 1), after_gap=True))
    metadata.chunks.add(chunk(Optime(15, 1), Optime(40, 1)))
    metadata.heads.add(Head("h1", "d1", "/none", "6.0.5", "6.0", NOW, SyncPhase.REBUILDING))
    return metadata.deployments.add(replace(deployment_record(), head="h1"))


def run(resources: Resources, deployment: Deployment) -> Head:
    return Rebuilding(resources, deployment).run(Task())


def before_adding(resources: Resources, monkeypatch: pytest.MonkeyPatch, other: Any) -> None:
    """`other` comes when the base is chosen, and that is not written down yet."""
    add, waiting = resources.metadata.heads.add, [other]

    def late(head: Head) -> Head:
        while waiting:
            waiting.pop()()
        return add(head)

    monkeypatch.setattr(resources.metadata.heads, "add", late)


def test_the_best_one_is_taken_and_stays_while_it_is_read(
    resources: Resources, shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> None:
        with pytest.raises(Busy, match="rebuilt from it"):
            mark_for_deletion(resources.metadata, "s20", "a test")

    monkeypatch.setattr(Rebuilding, "_fill", fill)
    assert run(resources, shop).rebuilt_from == "s20"
    mark_for_deletion(resources.metadata, "s20", "a test")


def test_one_that_is_marked_meanwhile_is_passed_over(
    resources: Resources, shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mark() -> None:
        resources.metadata.snapshots.set("s20", state=SnapshotState.DELETING)

    before_adding(resources, monkeypatch, mark)
    assert run(resources, shop).rebuilt_from == "s10"
    assert [event.kind for event in resources.metadata.events.recent()] == ["head rebuilt"]


def test_one_whose_oplog_is_given_up_meanwhile_is_passed_over(
    resources: Resources, shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources.metadata.snapshots.set("s20", state=SnapshotState.INVALID)

    def give_up() -> None:
        resources.metadata.deployments.set("d1", oplog_from=Optime(15, 1))

    before_adding(resources, monkeypatch, give_up)
    with pytest.raises(ResyncRequired, match="no snapshot is left"):
        run(resources, shop)


def test_one_whose_oplog_is_given_up_is_no_base(resources: Resources, shop: Deployment) -> None:
    resources.metadata.snapshots.set("s20", state=SnapshotState.INVALID)
    resources.metadata.deployments.set("d1", oplog_from=Optime(15, 1))
    with pytest.raises(ResyncRequired):
        run(resources, shop)

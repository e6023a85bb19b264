"""A rebuild brings back what is not known; of what is known already it changes nothing."""

from dataclasses import replace

import pytest

from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.groups import Group
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.policies import group_policy_id
from mmsconsole.policy.policy import SnapshotPolicy
from tests.metadata.records import NOW
from tests.recovery.conftest import Stand, at
from tests.support.snapshots import deployment_record, pack_keys, snapshot_record

GROUP = group_policy_id("default")
DEFAULTS = SnapshotPolicy()


@pytest.fixture
def other(stand: Stand) -> Stand:
    """The store holds d1 with a catalogue; the metadata knows d2 alone, of the same group, and
    bound to another store.
    """
    stand.metadata.policies.change(GROUP, {"weekly": 9, "monthly": 36}, NOW, "ann")
    stand.metadata.groups.put_all([Group("default", "Of d1")])
    stand.snapshot("s1", 10)
    stand.head()
    stand.event("snapshot asked for")
    stand.back_up()
    stand.lose_metadata()
    stand.metadata.deployments.add(
        replace(deployment_record("d2"), name="living", store="far", set_id="set2")
    )
    stand.metadata.groups.put_all([Group("default", "Of d2")])
    stand.metadata.policies.change(GROUP, {"weekly": 9, "monthly": 13, "daily": 7}, NOW, "bob")
    return stand


def test_the_policy_of_a_group_that_is_in_use_stays_and_what_came_keeps_its_own(
    other: Stand,
) -> None:
    """Else the snapshots of either would expire by the policy of the other."""
    policies, deployments = other.metadata.policies, other.metadata.deployments
    before = policies.of(deployments.get("d2"), DEFAULTS)

    other.rebuild()

    assert policies.of(deployments.get("d2"), DEFAULTS) == before
    found = policies.of(deployments.get("d1"), DEFAULTS)
    assert (found.daily, found.weekly, found.monthly) == (30, 9, 36)
    assert other.metadata.groups.get("default").name == "Of d2"


def test_the_policy_of_a_group_that_nobody_uses_is_that_of_the_catalogue(other: Stand) -> None:
    """An engine that has just been started has given it one."""
    other.metadata.deployments.remove("d2")

    other.rebuild()

    assert other.metadata.policies.keys(GROUP) == {"weekly": 9, "monthly": 36}
    assert other.metadata.policies.keys("d1") == {"daily": 30}


def test_records_of_others_are_not_replaced(other: Stand) -> None:
    """Whoever can write into a store must not reach what is kept in another one."""
    metadata = other.metadata
    snapshot = metadata.snapshots.add(snapshot_record("s1", deployment="d2"))
    event = metadata.events.add(Event("e-snapshot asked for", NOW, "x", "of d2", deployment="d2"))
    folder = other.resources.settings.head_folders[0] / "h1"
    head = metadata.heads.add(
        Head("h1", "d2", str(folder), "6.0.5", "6.0", NOW, SyncPhase.IN_SYNC, at(1), at(1))
    )

    report = other.rebuild()

    assert metadata.snapshots.get("s1") == snapshot
    assert metadata.events.get(event.id) == event
    assert metadata.heads.get("h1") == head
    assert metadata.deployments.get("d1").head != "h1"
    assert any("of another deployment" in told for told in report.told)


def test_the_epoch_of_a_pool_never_goes_back_and_its_packs_keep_their_records(
    other: Stand,
) -> None:
    """What is left of a removed deployment, when that is had back."""
    metadata = other.metadata
    pool = metadata.pools.ensure("default", "default")
    for _ in range(5):
        epoch = metadata.pools.bump(pool.id)
    (key,) = pack_keys(other.storage)
    id_ = key.rpartition("/")[2].removesuffix(".pack")
    known = Pack(id_, pool.id, key, "", 3, 4, condemned=6, dropped=True)
    metadata.packs.add(known)

    other.rebuild()

    assert metadata.pools.epoch(pool.id) == epoch
    pack = metadata.packs.get(id_)
    assert (pack.condemned, pack.dropped) == (6, False)

"""The schema: brought up step by step, never down."""

from collections.abc import Iterator

import pytest

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.jobs import Jobs
from mmsconsole.metadata.migrations import (
    COLLECTION,
    ID,
    INTERVAL,
    MIGRATIONS,
    Migration,
    migrate,
    schema_version,
)
from mmsconsole.policy.policy import SnapshotPolicy
from tests.metadata.records import deployment
from tests.support.clock import ManualClock

NEWEST = MIGRATIONS[-1].version


@pytest.fixture
def unmigrated(metadata: Metadata, manual_clock: ManualClock) -> Iterator[Metadata]:
    """Without any collection; afterwards as the other tests expect it."""
    metadata.client.drop_database(metadata.database)
    yield metadata
    metadata.client.drop_database(metadata.database)
    migrate(metadata, manual_clock)


def test_versions_count_up_from_one() -> None:
    assert [m.version for m in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_a_fresh_database_gets_the_schema_its_indexes_and_the_default_group(
    unmigrated: Metadata, manual_clock: ManualClock
) -> None:
    assert schema_version(unmigrated) == 0

    assert migrate(unmigrated, manual_clock) == NEWEST

    assert schema_version(unmigrated) == NEWEST
    assert unmigrated.groups.get(DEFAULT_GROUP)
    for records in (unmigrated.jobs, unmigrated.deployments, unmigrated.chunks, unmigrated.slices):
        assert len(records.collection.index_information()) == len(records.indexes) + 1
    assert "one_leased" in Jobs(unmigrated.database).collection.index_information()


def test_a_second_start_runs_no_migration_again(
    unmigrated: Metadata, manual_clock: ManualClock
) -> None:
    ran: list[int] = []
    steps = [Migration(n, "", lambda _, n=n: ran.append(n)) for n in (1, 2)]

    migrate(unmigrated, manual_clock, steps[:1])
    migrate(unmigrated, manual_clock, steps)
    migrate(unmigrated, manual_clock, steps)

    assert ran == [1, 2]


def test_a_migration_that_failed_runs_again_and_those_before_it_do_not(
    unmigrated: Metadata, manual_clock: ManualClock
) -> None:
    ran: list[int] = []

    def fails_at_first(_: Metadata) -> None:
        ran.append(2)
        if ran.count(2) == 1:
            raise MetadataError("power cut")

    steps = [Migration(1, "", lambda _: ran.append(1)), Migration(2, "", fails_at_first)]

    with pytest.raises(MetadataError):
        migrate(unmigrated, manual_clock, steps)
    assert schema_version(unmigrated) == 1
    migrate(unmigrated, manual_clock, steps)

    assert ran == [1, 2, 2]
    assert schema_version(unmigrated) == 2


def test_a_schema_of_a_newer_program_is_refused_and_left_alone(
    unmigrated: Metadata, manual_clock: ManualClock
) -> None:
    newer = {"_id": ID, "version": NEWEST + 1}
    unmigrated.database[COLLECTION].insert_one(newer)

    with pytest.raises(MetadataError) as raised:
        migrate(unmigrated, manual_clock)

    assert "newer" in raised.value.hint
    assert unmigrated.database.list_collection_names() == [COLLECTION]


def test_an_older_program_beside_a_newer_one_does_not_take_the_version_back(
    unmigrated: Metadata, manual_clock: ManualClock
) -> None:
    def meanwhile(metadata: Metadata) -> None:
        metadata.database[COLLECTION].insert_one({"_id": ID, "version": 7})

    migrate(unmigrated, manual_clock, [Migration(1, "", meanwhile)])

    assert schema_version(unmigrated) == 7


def test_intervals_of_deployments_become_policies_and_doing_it_twice_does_no_harm(
    unmigrated: Metadata, manual_clock: ManualClock
) -> None:
    migrate(unmigrated, manual_clock, MIGRATIONS[:1])
    for id_, minutes in (("d1", 360), ("d2", 60), ("d3", 7), ("d4", 0)):
        old = to_document(deployment(id=id_, name=id_, set_id=id_))
        unmigrated.deployments.collection.insert_one(old | {INTERVAL: minutes})

    MIGRATIONS[1].run(unmigrated)
    assert migrate(unmigrated, manual_clock) == NEWEST
    MIGRATIONS[1].run(unmigrated)

    of = {one.id: unmigrated.policies.of(one, SnapshotPolicy()) for one in
          unmigrated.deployments.listed()}  # fmt: skip
    assert [of[id_].interval_minutes for id_ in of] == [360, 60, 6, 0]
    assert unmigrated.policies.keys("d1") == {}  # it inherits what it had
    assert not unmigrated.deployments.collection.find_one({INTERVAL: {"$exists": True}})

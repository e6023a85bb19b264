"""Leases: one of several engines, by the database server's time."""

from datetime import timedelta

from mmsconsole.metadata.database import Metadata


def backdate(metadata: Metadata, seconds: float) -> None:
    """As if it had been renewed so long ago."""
    step = int(seconds * 1000)
    moved = {field: {"$subtract": [f"${field}", step]} for field in ("until", "renewed_at")}
    metadata.leases.collection.update_one({"_id": "alerts"}, [{"$set": moved}])


def test_who_is_first_has_it_and_may_renew_it(metadata: Metadata) -> None:
    first = metadata.leases.take("alerts", "e1", 60)
    assert first is not None
    assert first.owner == "e1"
    assert first.until - first.renewed_at == timedelta(seconds=60)
    assert metadata.leases.take("alerts", "e2", 60) is None
    assert metadata.leases.take("alerts", "e1", 60) is not None


def test_a_lease_that_has_run_out_is_free_and_its_seconds_go_on(metadata: Metadata) -> None:
    metadata.leases.take("alerts", "e1", 60)
    backdate(metadata, 61)
    taken = metadata.leases.take("alerts", "e2", 60)
    assert taken is not None
    assert taken.owner == "e2"
    assert taken.seconds == 60
    assert metadata.leases.take("alerts", "e1", 60) is None


def test_a_lease_that_was_given_back_is_free_at_once(metadata: Metadata) -> None:
    metadata.leases.take("alerts", "e1", 3600)
    metadata.leases.give_back("alerts", "e2")
    assert metadata.leases.take("alerts", "e2", 60) is None
    metadata.leases.give_back("alerts", "e1")
    assert metadata.leases.take("alerts", "e2", 60) is not None


def test_between_two_renewals_a_jump_counts_little_and_never_less_than_nothing(
    metadata: Metadata,
) -> None:
    metadata.leases.take("alerts", "e1", 60)
    backdate(metadata, 20)
    after = metadata.leases.take("alerts", "e1", 60)
    assert after is not None
    assert 20 <= after.seconds < 60
    backdate(metadata, 86_400)
    forward = metadata.leases.take("alerts", "e1", 60)
    assert forward is not None
    assert forward.seconds == after.seconds + 60
    backdate(metadata, -86_400)
    back = metadata.leases.take("alerts", "e1", 60)
    assert back is not None
    assert back.seconds == forward.seconds

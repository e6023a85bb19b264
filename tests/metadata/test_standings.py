"""How it stands with snapshots and validations of many deployments."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState, Verdict
from mmsconsole.metadata.standings import (
    Judged,
    judged_moments,
    snapshot_standings,
    validation_standings,
)
from mmsconsole.metadata.validations import Validation, ValidationKind
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def add(metadata: Metadata, id_: str, hours: float, state: str, **fields: Any) -> None:
    metadata.snapshots.add(
        Snapshot(id_, fields.pop("of", "d1"), "h1", ago(hours), SnapshotState(state), **fields)
    )


def test_the_standing_of_snapshots_names_the_newest_of_each_kind(metadata: Metadata) -> None:
    add(metadata, "s1", 9, "complete", verdict=Verdict.GOOD, verified_at=ago(8))
    add(metadata, "s2", 6, "complete", verdict=Verdict.BAD, verified_at=ago(5), verdict_text="a")
    add(metadata, "s3", 3, "complete")
    add(metadata, "s4", 2, "failed", reason="no room")
    add(metadata, "s5", 1, "running")
    add(metadata, "x1", 1, "complete", of="d2")
    add(metadata, "y1", 1, "complete", of="d3")
    found = snapshot_standings(metadata, ["d1", "d2", "gone"])
    assert set(found) == {"d1", "d2"}
    one = found["d1"]
    assert (one.newest_failed, one.newest_id, one.reason) == (True, "s4", "no room")
    assert (one.complete_at, one.first_at, one.good_at) == (ago(3), ago(9), ago(8))
    assert one.judged == Judged(ago(5), False, "s2", "a")
    assert not found["d2"].newest_failed
    assert found["d2"].judged is None


def test_a_verdict_on_what_is_not_there_any_more_does_not_count(metadata: Metadata) -> None:
    add(metadata, "s1", 9, "complete")
    add(metadata, "s2", 6, "deleting", verdict=Verdict.BAD, verified_at=ago(5))
    assert snapshot_standings(metadata, ["d1"])["d1"].judged is None


def test_only_failed_snapshots_are_a_standing_too(metadata: Metadata) -> None:
    add(metadata, "s1", 9, "failed", reason="no room")
    one = snapshot_standings(metadata, ["d1"])["d1"]
    assert (one.newest_failed, one.complete_at, one.good_at) == (True, None, None)


def test_the_newest_verdict_on_a_moment_counts(metadata: Metadata) -> None:
    for id_, hours, verdict in (("w1", 5, Verdict.BAD), ("w2", 2, Verdict.GOOD)):
        metadata.witnesses.add(
            Witness(id_, "d1", "h1", Optime(7, 2), ago(9), verdict=verdict, verified_at=ago(hours))
        )
    metadata.witnesses.add(Witness("w3", "d2", "h1", Optime(7, 2), ago(9)))
    assert judged_moments(metadata, ["d1", "d2"]) == {"d1": Judged(ago(2), True, "7:2")}


def test_the_last_validation_of_each_head_counts(metadata: Metadata) -> None:
    for id_, hours, good in (("v1", 5, True), ("v2", 2, False)):
        metadata.validations.add(
            Validation(
                id_, "d1", "h1", ValidationKind.FILES, ago(hours), ago(hours), None, good,
                problems=() if good else ("bad index",),
            )
        )  # fmt: skip
    found = validation_standings(metadata, ["d1"])
    assert set(found) == {"h1"}
    assert (found["h1"].at, found["h1"].good, found["h1"].problems) == (
        ago(2), False, ("bad index",),
    )  # fmt: skip

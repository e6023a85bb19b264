"""What the rules of retention are told of the records."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.facts import facts_of, observed_time, retention_now, snapshot_facts
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.optime import Optime
from mmsconsole.policy.fates import Outcome
from tests.metadata.records import NOW
from tests.support.snapshots import snapshot_record

RECORD = replace(snapshot_record("s1", NOW), state=SnapshotState.COMPLETE)


def test_a_record_becomes_facts() -> None:
    due = NOW - timedelta(minutes=1)
    facts = snapshot_facts(
        replace(RECORD, hold="why", doubt="odd", due_at=due, expires_at=NOW), "restore r1"
    )
    assert (facts.id, facts.outcome, facts.created_at) == ("s1", Outcome.COMPLETE, NOW)
    assert (facts.optime, facts.replay_from) == (RECORD.optime, RECORD.replay_from)
    assert (facts.hold, facts.doubt, facts.due_at, facts.expires_at) == ("why", True, due, NOW)
    assert facts.used_by == "restore r1"


@pytest.mark.parametrize(
    ("verdict", "bad", "verified"),
    [(Verdict.NONE, False, False), (Verdict.GOOD, False, True), (Verdict.BAD, True, False)],
)
def test_a_verdict_is_told(verdict: Verdict, bad: bool, verified: bool) -> None:
    facts = snapshot_facts(replace(RECORD, verdict=verdict))
    assert (facts.bad, facts.verified) == (bad, verified)


def test_every_state_but_one_that_is_leaving_has_an_outcome(metadata: Metadata) -> None:
    for number, state in enumerate(SnapshotState):
        metadata.snapshots.add(replace(RECORD, id=f"s{number}", state=state))
    found = facts_of(metadata, "d1", {"s1": "restore r1"})
    told = {one.outcome.value for one in found}
    assert told == {state.value for state in SnapshotState} - {SnapshotState.DELETING.value}
    assert [one.used_by for one in found if one.used_by] == ["restore r1"]


def store(metadata: Metadata, end: datetime) -> None:
    position = Optime(int(end.timestamp()), 1)
    metadata.chunks.add(
        OplogChunk("c1", "d1", Optime(1, 1), position, 1, "key", "00", 10, 5, None, NOW)
    )


def test_time_goes_by_the_oplog_and_by_the_wall_clock_whichever_is_behind(
    metadata: Metadata,
) -> None:
    """So a source that is away, and a clock that jumps ahead, let nothing expire."""
    begin, now = datetime(1970, 1, 1, tzinfo=UTC), NOW.replace(microsecond=0)
    assert observed_time(metadata, "d1") is None
    assert retention_now(metadata, "d1", now) == begin
    store(metadata, now)
    assert observed_time(metadata, "d1") == now
    assert retention_now(metadata, "d1", now + timedelta(days=9)) == now
    assert retention_now(metadata, "d1", now - timedelta(days=9)) == now - timedelta(days=9)

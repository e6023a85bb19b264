"""Which moments of a window can be verified, and from which snapshot."""

from random import Random

import pytest

from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.optime import Optime
from mmsconsole.verification.moments import StoredOplog, Verifiable, chosen, verifiable
from tests.verification.records import NOW, ago, snapshot, witness


def at(hours: float) -> Optime:
    return Optime(int(ago(hours).timestamp()), 1)


ALL = StoredOplog([(at(100), at(0))], [], None)
FIRST, SECOND = snapshot("first", 24), snapshot("second", 12)
MOMENT = witness("moment", 6)


def bases(*complete: Snapshot, oplog: StoredOplog = ALL, hours: float = 6) -> list[str]:
    found = verifiable([witness("moment", hours)], complete, oplog)
    return [one.base.id for one in found]


def test_the_newest_snapshot_before_it_is_the_base() -> None:
    assert bases(FIRST, SECOND) == ["second"]
    assert bases(FIRST, SECOND, hours=18) == ["first"]
    assert bases(FIRST, SECOND, hours=12) == ["first"]  # its own would prove nothing
    assert bases(FIRST, SECOND, hours=30) == []


@pytest.mark.parametrize("fields", [{"doubt": "damaged"}, {"verdict": "bad"}])
def test_a_base_is_a_good_snapshot(fields: dict[str, str]) -> None:
    assert bases(FIRST, snapshot("second", 12, **fields)) == ["first"]


@pytest.mark.parametrize(
    ("oplog", "found"),
    [
        (StoredOplog([(at(100), at(6))], [], None), ["second"]),
        (StoredOplog([(at(12), at(6))], [], None), ["second"]),
        (StoredOplog([(at(12), at(7))], [], None), []),  # it is not stored yet
        (StoredOplog([(at(100), at(9)), (at(8), at(0))], [], None), []),  # behind a gap
        (StoredOplog([(at(11), at(0))], [], None), []),
        (StoredOplog([], [], None), []),
        (StoredOplog([(at(100), at(0))], [], at(12)), ["second"]),
        (StoredOplog([(at(100), at(0))], [], at(11)), []),  # being given up
        (StoredOplog([(at(100), at(0))], [WindowEnd("e", "d1", at(8), "why", NOW)], None), []),
        (StoredOplog([(at(100), at(0))], [WindowEnd("e", "d1", at(6), "why", NOW)], None), []),
        (StoredOplog([(at(100), at(0))], [WindowEnd("e", "d1", at(5), "why", NOW)], None),
         ["second"]),
        (StoredOplog([(at(100), at(0))], [WindowEnd("e", "d1", at(12), "why", NOW)], None),
         ["second"]),
    ],
)  # fmt: skip
def test_the_stored_oplog_must_go_on_from_it_to_the_moment(
    oplog: StoredOplog, found: list[str]
) -> None:
    assert bases(FIRST, SECOND, oplog=oplog) == found


def test_a_replay_that_begins_before_its_snapshot_needs_that_oplog_too() -> None:
    oplog = StoredOplog([(at(13), at(0))], [], None)
    assert bases(snapshot("open", 12, replay_from=at(13)), oplog=oplog) == ["open"]
    assert bases(snapshot("open", 12, replay_from=at(14)), oplog=oplog) == []


def of(*verdicts: str) -> list[Verifiable]:
    return [Verifiable(witness(f"w{n}", 6, verdict=one), FIRST) for n, one in enumerate(verdicts)]


def test_what_nobody_has_verified_goes_first() -> None:
    for seed in range(20):
        found = chosen(of("good", "", "bad"), Random(seed))
        assert found is not None
        assert found.witness.id == "w1"


def test_it_is_chosen_at_random_and_the_same_for_the_same_seed() -> None:
    ids = [chosen(of("", "", "", ""), Random(seed)) for seed in range(40)]
    assert {one.witness.id for one in ids if one} == {"w0", "w1", "w2", "w3"}
    assert ids == [chosen(of("", "", "", ""), Random(seed)) for seed in range(40)]
    assert chosen([], Random(1)) is None

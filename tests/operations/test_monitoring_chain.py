"""Who copies from whom is a tree, whatever the members say; elections are told once."""

from datetime import timedelta

from mmsconsole.operations.monitoring_chain import chain_of, elections_of
from mmsconsole.operations.monitoring_views import ChainNode, ElectionView
from tests.operations.members import NOW, member, three


def told(nodes: tuple[ChainNode, ...]) -> list[object]:
    return [[node.host, *told(node.followers)] if node.followers else node.host for node in nodes]


def test_members_stand_below_the_one_that_they_copy_from() -> None:
    assert told(chain_of(three(sync_source="db2:27017"))) == [
        ["db1:27017", ["db2:27017", "db3:27017"]]
    ]
    assert told(chain_of(three())) == [["db1:27017", "db2:27017", "db3:27017"]]


def test_who_follows_nobody_that_is_known_stands_beside_the_primary() -> None:
    assert told(chain_of(three(sync_source="gone:27017"))) == [
        ["db1:27017", "db2:27017"], "db3:27017",
    ]  # fmt: skip
    assert told(chain_of(three(sync_source=""))) == [["db1:27017", "db2:27017"], "db3:27017"]


def test_members_that_say_they_follow_each_other_stand_there_once() -> None:
    members = [
        member(1, "PRIMARY"), member(2, sync_source="db3:27017"),
        member(3, sync_source="db2:27017"), member(4, sync_source="db4:27017"),
    ]  # fmt: skip
    assert told(chain_of(members)) == ["db1:27017", "db4:27017", ["db2:27017", "db3:27017"]]


def test_a_primary_follows_nobody_although_it_still_names_one() -> None:
    members = [member(1, "PRIMARY", sync_source="db2:27017"), member(2)]
    assert told(chain_of(members)) == [["db1:27017", "db2:27017"]]


def test_an_election_is_told_once_by_its_term_and_the_newest_first() -> None:
    at = NOW - timedelta(hours=2)
    noticed = [
        ElectionView(at + timedelta(seconds=8), "db1:27017", 4),
        ElectionView(NOW - timedelta(hours=5), "db2:27017", 3),
        ElectionView(NOW - timedelta(hours=30), "db3:27017", 2),
    ]
    members = [member(1, "PRIMARY", elected_at=at, term=4), member(2)]
    assert [each.term for each in elections_of(members, noticed, NOW)] == [4, 3]
    assert elections_of(members, [], NOW) == (ElectionView(at, "db1:27017", 4),)

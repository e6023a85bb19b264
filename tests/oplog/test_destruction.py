"""Drops and deletes of many are found backwards, a burst from its first delete on."""

from mmsconsole.oplog.destruction import BackwardSearch, Destruction
from mmsconsole.optime import Optime
from tests.support import oplog_entries as entries
from tests.support.oplog_entries import Made, peeked


def at(seconds: int) -> Optime:
    return Optime(seconds, 1)


def found(*oplog: Made, many: int = 3) -> list[Destruction]:
    looking = BackwardSearch(many)
    for entry in reversed(oplog):
        looking.take(peeked(entry))
    looking.end()
    return looking.found()


def deletes(first: int, count: int, ns: str = "app.c", step: int = 1) -> list[Made]:
    return [entries.delete(first + number * step, number, ns) for number in range(count)]


def test_whole_collections_and_databases_that_go_are_found_the_newest_first() -> None:
    gone = found(
        entries.command(1, {"drop": "c"}),
        entries.command(2, {"dropDatabase": 1}, db="shop"),
        entries.command(3, {"renameCollection": "app.new", "to": "app.old", "dropTarget": True}),
        entries.command(4, {"renameCollection": "app.new", "to": "app.free"}),
        entries.command(5, {"emptycapped": "ring"}),
        entries.create(6),
    )
    assert [(one.kind, one.ns, one.first.t) for one in gone] == [
        ("emptycapped", "app.ring", 5),
        ("renameCollection", "app.old", 3),
        ("dropDatabase", "shop", 2),
        ("drop", "app.c", 1),
    ]


def test_a_database_that_is_dropped_was_whole_before_the_first_of_its_collections() -> None:
    gone = found(
        entries.command(90, {"drop": "long_ago"}, db="shop"),
        entries.command(101, {"drop": "a"}, db="shop"),
        entries.command(102, {"drop": "kept"}),
        entries.command(102, {"drop": "b"}, db="shop"),
        entries.command(103, {"dropDatabase": 1}, db="shop"),
    )
    assert [(one.kind, one.ns, one.first.t, one.last.t, one.count) for one in gone] == [
        ("drop", "app.kept", 102, 102, 1),
        ("dropDatabase", "shop", 101, 103, 2),
        ("drop", "shop.long_ago", 90, 90, 1),
    ]


def test_a_collection_that_was_dropped_and_made_again_is_no_part_of_its_databases_end() -> None:
    gone = found(
        entries.command(99, {"drop": "c"}),
        entries.create(100),
        entries.command(101, {"drop": "c"}),
        entries.command(102, {"dropDatabase": 1}),
    )
    assert [(one.kind, one.first.t) for one in gone] == [("dropDatabase", 101), ("drop", 99)]


def test_deletes_that_follow_one_another_are_one_burst() -> None:
    assert found(*deletes(100, 5)) == [Destruction("delete", "app.c", at(100), at(104), 5)]


def test_a_few_deletes_are_none_and_neither_are_many_far_apart() -> None:
    assert found(*deletes(100, 2)) == []
    assert found(*deletes(100, 9, step=11)) == []


def test_each_namespace_and_each_stretch_counts_for_itself() -> None:
    oplog = sorted(
        [*deletes(100, 3), *deletes(101, 3, "app.d"), *deletes(200, 4)], key=lambda e: e["ts"].time
    )
    assert [(one.ns, one.first.t, one.count) for one in found(*oplog)] == [
        ("app.c", 200, 4), ("app.d", 101, 3), ("app.c", 100, 3),
    ]  # fmt: skip


def test_deletes_and_drops_inside_of_transactions_count_as_of_its_entry() -> None:
    inside = [entries.inner(one) for one in deletes(1, 4)]
    inside.append(entries.inner(entries.command(1, {"drop": "d"})))
    gone = found(entries.transaction(9, {"applyOps": inside}))
    assert {(one.kind, one.first.t) for one in gone} == {("delete", 9), ("drop", 9)}


def test_what_servers_delete_for_themselves_is_left_out() -> None:
    assert found(*deletes(1, 9, "config.transactions"), *deletes(1, 9, "config.system.x")) == []


def test_a_burst_is_settled_when_what_was_passed_lies_far_enough_before_it() -> None:
    looking = BackwardSearch(many=3)
    for entry in reversed(deletes(100, 4)):
        looking.take(peeked(entry))
    looking.passed(at(95))
    assert (looking.settled, looking.found()) == (False, [])
    looking.passed(at(80))
    assert looking.settled
    assert looking.found()[0].first == at(100)


def test_a_database_is_settled_when_what_was_passed_lies_far_enough_before_it() -> None:
    looking = BackwardSearch()
    looking.take(peeked(entries.command(100, {"dropDatabase": 1})))
    assert (looking.settled, looking.found()) == (False, [])
    looking.passed(at(80))
    assert looking.settled
    assert looking.found() == [Destruction("dropDatabase", "app", at(100), at(100), 1)]


def test_an_entry_that_can_not_be_read_stops_nothing() -> None:
    looking = BackwardSearch()
    drop = peeked(entries.command(1, {"drop": "c"}))
    looking.take(drop._replace(data=drop.data[: drop.o + 2]))
    looking.take(drop)
    assert [one.kind for one in looking.found()] == ["drop"]

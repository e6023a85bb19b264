from typing import Any

import pytest

from mmsconsole.metadata.members import HOT_MAX, OPERATIONS_MAX
from mmsconsole.monitoring.summaries import (
    USAGES_MAX,
    Usages,
    hot_collections,
    operations_of,
    read_top,
)


def op(**fields: Any) -> dict[str, Any]:
    return {
        "type": "op", "desc": "conn12", "client": "10.0.0.7:50412", "appName": "shop",
        "active": True, "opid": 4242, "op": "query", "ns": "shop.orders", "secs_running": 3,
        "microsecs_running": 3_500_000, "waitingForLock": False, "planSummary": "IXSCAN { at: 1 }",
        "command": {"find": "orders", "filter": {"card": 4111}, "$db": "shop"}, **fields,
    }  # fmt: skip


def test_an_operation_as_people_need_it() -> None:
    (found,) = operations_of([op(waitingForLock=True)])

    assert (found.id, found.op, found.namespace) == ("4242", "query", "shop.orders")
    assert (found.seconds, found.client, found.app) == (3.5, "10.0.0.7:50412", "shop")
    assert (found.plan, found.waiting) == ("IXSCAN { at: 1 }", True)
    assert found.text == "find orders filter: {card: ?}"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"appName": "mmsconsole"}, id="ours"),
        pytest.param({"appName": "OplogFetcher"}, id="a member that follows"),
        pytest.param({"op": "none", "desc": "JournalFlusher"}, id="a thread of the server"),
        pytest.param({"desc": "WTCheckpointThread"}, id="another thread of the server"),
        pytest.param({"command": {"hello": 1, "maxAwaitTimeMS": 10_000}}, id="waits for news"),
        pytest.param({"command": {"isMaster": 1}}, id="as an older driver does"),
        pytest.param({"active": False}, id="is not active"),
        pytest.param({"type": "idleCursor"}, id="an idle cursor"),
        pytest.param({"command": {"aggregate": 1, "pipeline": [{"$currentOp": {}}]}}, id="looks"),
    ],
)
def test_what_is_no_work_of_people_is_left_out(fields: dict[str, Any]) -> None:
    assert operations_of([op(**fields)]) == ()


@pytest.mark.parametrize("desc", ["IndexBuildsCoordinatorMongod-0", "TTLMonitor", "conn1"])
def test_work_that_people_caused_is_shown(desc: str) -> None:
    assert len(operations_of([op(desc=desc)])) == 1


def test_the_longest_come_first_and_no_more_than_fifty() -> None:
    many = [op(opid=each, microsecs_running=each * 1_000_000) for each in range(200)]

    found = operations_of(many)

    assert len(found) == OPERATIONS_MAX
    assert [each.seconds for each in found] == [float(199 - each) for each in range(50)]


def test_seconds_serve_where_there_are_no_microseconds() -> None:
    assert operations_of([op(microsecs_running=None)])[0].seconds == 3.0
    assert operations_of([op(microsecs_running="x", secs_running=None)])[0].seconds == 0.0


@pytest.mark.parametrize("nonsense", [None, 3, "x", [], {}, {"op": 5}, {"op": "query", "ns": 7}])
def test_nonsense_does_no_harm(nonsense: object) -> None:
    assert len(operations_of([nonsense, op()])) >= 1


def test_texts_are_harmless_and_bounded() -> None:
    evil = "\x1b[2J" + "x" * 10_000
    (found,) = operations_of([op(appName=evil, ns="shop." + evil, client=evil, planSummary=evil)])

    for text in (found.app, found.namespace, found.client, found.plan, found.text):
        assert "\x1b" not in text
        assert len(text) <= 300


def used(read_micros: int, write_micros: int, reads: int, writes: int) -> dict[str, Any]:
    return {
        "readLock": {"time": read_micros, "count": reads},
        "writeLock": {"time": write_micros, "count": writes},
    }


def top(at: float, **by_collection: Any) -> Usages:
    totals = {name.replace("__", "."): each for name, each in by_collection.items()}
    found = read_top({"note": "all times in microseconds", **totals}, at)
    assert found is not None
    return found


def test_what_a_collection_was_used_for_per_second() -> None:
    before = top(100, shop__orders=used(0, 0, 0, 0))
    now = top(110, shop__orders=used(2_000_000, 500_000, 300, 20))

    (found,) = hot_collections(before, now)

    assert (found.namespace, found.reads_ms, found.writes_ms) == ("shop.orders", 200.0, 50.0)
    assert (found.reads, found.writes) == (30.0, 2.0)


def test_the_busiest_come_first_and_no_more_than_twenty() -> None:
    names = [f"shop__c{each}" for each in range(50)]
    before = top(0, **{name: used(0, 0, 0, 0) for name in names})
    now = top(1, **{name: used(each * 1000, 0, 1, 0) for each, name in enumerate(names)})

    found = hot_collections(before, now)

    assert [each.namespace for each in found] == [f"shop.c{49 - each}" for each in range(HOT_MAX)]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param({"shop__a": used(5, 5, 5, 5)}, {"shop__a": used(5, 5, 5, 5)}, id="unused"),
        pytest.param({"shop__a": used(9, 9, 9, 9)}, {"shop__a": used(9, 1, 99, 99)}, id="fell"),
        pytest.param({}, {"shop__a": used(9, 9, 9, 9)}, id="new: since when is not known"),
        pytest.param({"local__a": used(0, 0, 0, 0)}, {"local__a": used(9, 9, 9, 9)}, id="its own"),
        pytest.param({"shop__a": used(0, 0, 0, 0)}, {"shop__a": {"readLock": 3}}, id="nonsense"),
    ],
)
def test_what_is_not_hot(before: dict[str, Any], now: dict[str, Any]) -> None:
    assert hot_collections(top(0, **before), top(10, **now)) == ()


def test_no_time_between_two_answers_tells_nothing() -> None:
    now = top(0, shop__a=used(9, 9, 9, 9))

    assert hot_collections(top(0, shop__a=used(0, 0, 0, 0)), now) == ()


def test_an_answer_that_was_not_asked_for_is_none() -> None:
    assert read_top({}, 0.0) is None


def test_of_very_many_collections_the_busiest_are_remembered() -> None:
    """What is kept from one look to the next is kept for every member."""
    found = top(0, **{f"shop__c{each}": used(each, 1, 1, 1) for each in range(USAGES_MAX + 50)})

    assert len(found.by_namespace) == USAGES_MAX
    assert "shop.c49" not in found.by_namespace

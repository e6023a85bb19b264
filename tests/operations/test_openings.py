"""Opened snapshots by the door: asked, shown how to get in, closed."""

import json
import threading

import pytest
from pymongo import MongoClient

from mmsconsole.errors import Cancelled, NotFound, Refused, UsageError
from mmsconsole.metadata.openings import OpeningState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.operations import openings
from mmsconsole.operations.openings import Question, parsed
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.restore.opened.keeper import OpenedKeeper
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.backups import wait_until
from tests.support.opened import opened


@pytest.fixture
def door(resources: Resources) -> Operations:
    return Operations(resources.metadata, resources.settings, resources.clock, Actor("somebody"))


def test_an_opened_snapshot_is_asked_and_closed(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot, door: Operations
) -> None:
    id_ = opened(resources, opened_keeper, small_snapshot).id
    found = [(one.database, one.collection, one.documents) for one in door.opened_collections(id_)]
    assert ("shop", "orders", 100) in found
    answer = door.find_opened(
        id_, Question("shop.orders", '{"_id": {"$gte": 7}}', sort='{"_id": 1}', limit=2)
    )
    assert [json.loads(one)["_id"] for one in answer.documents] == [
        {"$numberInt": "7"}, {"$numberInt": "8"},
    ]  # fmt: skip
    assert answer.more
    short = door.find_opened(id_, Question("shop.orders", bytes_max=1))
    assert len(short.documents) == 1
    assert short.more
    shown = door.opening_connection(id_)
    with MongoClient(shown.uri) as client:
        assert client.shop.orders.find_one({"_id": 5}) == {"_id": 5, "paid": False}
    assert shown.password not in shown.shell
    told = [event.text for event in resources.metadata.events.all()]
    assert not any(shown.password in text for text in told)

    assert door.close_opening(id_).state == "closing"
    with pytest.raises(Refused, match="closing"):
        door.find_opened(id_, Question("shop.orders"))
    opened_keeper.tick()
    assert door.opening(id_).state == "closed"
    with pytest.raises(Refused):
        door.close_opening(id_)
    with pytest.raises(Refused):
        door.extend_opening(id_, 1)


def test_a_question_that_is_cancelled_ends_at_the_server_too(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot, door: Operations
) -> None:
    id_ = opened(resources, opened_keeper, small_snapshot).id
    slow = Question("shop.orders", '{"$where": "sleep(1000) || true"}')
    asked: list[str] = []
    task = Task()
    with MongoClient(door.opening_connection(id_).uri) as client:

        def running() -> list[object]:
            pipeline = [{"$currentOp": {}}, {"$match": {"command.find": "orders"}}]
            return list(client.admin.aggregate(pipeline))

        def ask() -> None:
            try:
                door.find_opened(id_, slow, task=task)
            except Cancelled:
                asked.append("cancelled")

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(running)
        task.cancellation.cancel()
        asking.join(60)
        assert asked == ["cancelled"]
        wait_until(lambda: not running())


def test_its_time_can_be_made_longer(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot, door: Operations
) -> None:
    before = opened(resources, opened_keeper, small_snapshot)
    assert door.extend_opening(before.id, 48).until > before.until
    with pytest.raises(UsageError):
        door.extend_opening(before.id, float("nan"))


@pytest.mark.parametrize("text", ["[]", "7", "{", '{"$oid": "x"}', "{'a': 1}"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parsed(text, "filter")


@pytest.mark.parametrize(
    "question",
    [
        Question("shop"), Question(".orders"), Question("shop."), Question("shop.orders", limit=0),
        Question("shop.orders", limit=10**9), Question("shop.orders", skip=-1),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(door: Operations, question: Question) -> None:
    with pytest.raises((UsageError, NotFound)) as refused:
        door.find_opened("nothing", question)
    assert isinstance(refused.value, UsageError)


def test_states_are_those_that_views_tell_of() -> None:
    assert {state.value for state in OpeningState} == {
        "starting", "open", "closing", "closed", "failed",
    }  # fmt: skip


def test_an_answer_is_bounded_whatever_its_limit_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "BYTES_MAX", 1000)
    large = ({"_id": number, "x": "y" * 300} for number in range(100))
    found = openings._page(large, Question("a.b", limit=50), Task())
    assert found.more
    assert 3 <= len(found.documents) <= 4

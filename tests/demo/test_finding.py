"""The demo's drop is found in the oplog, and no other one is taken for it."""

from types import SimpleNamespace
from typing import Any

import pytest

from mmsconsole.demo.accident import Accident
from mmsconsole.demo.bringing_back import bring_back
from mmsconsole.demo.finding import find_drop
from mmsconsole.demo.scene import Scene
from mmsconsole.errors import MmsError
from mmsconsole.mongod.fingerprint import Fingerprint, NamespacePrint
from mmsconsole.operations.oplog_views import ENTRY, OplogRow
from mmsconsole.oplog.destruction import Destruction
from mmsconsole.optime import Optime

BEFORE, DROPPED, LATER = Optime(7, 1), Optime(7, 2), Optime(9, 1)
ORDERS = NamespacePrint("collection", "md5", "uuid", "{}", ())
ACCIDENT = Accident(
    "shop.orders", 12, Fingerprint({"shop.orders": ORDERS, "shop.stock": ORDERS}), DROPPED, BEFORE
)


class Said:
    text = ""

    def progress(self, text: str) -> None: ...

    def done(self, text: str) -> None:
        self.text = text


class Clock:
    """Nobody waits."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Operations:
    """Answers of the oplog browser, the last one again and again."""

    def __init__(self, *found: Destruction) -> None:
        self.answers = list(found)

    def oplog_search(self, _: str, *, limit: int) -> Any:
        assert limit == 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return SimpleNamespace(found=(found,))

    def oplog_entry(self, _: str, at: Optime) -> Any:
        row = OplogRow(ENTRY, at, kind="drop", ns="shop.orders", change="with 12 documents")
        return SimpleNamespace(entry=row)


def scene(*found: Destruction) -> Scene:
    played: Any = SimpleNamespace(operations=Operations(*found), clock=Clock())
    return played


def drop(at: Optime, ns: str = "shop.orders", kind: str = "drop") -> Destruction:
    return Destruction(kind, ns, at, at, 1)


def test_older_deletes_are_not_taken_for_the_drop_that_is_not_stored_yet() -> None:
    step: Any = Said()
    older = drop(BEFORE, "shop.events", "delete")

    row = find_drop(scene(older, drop(BEFORE, "shop.carts"), drop(DROPPED)), ACCIDENT, step)

    assert row.optime == DROPPED
    assert step.text == "7:2: drop shop.orders with 12 documents"


def test_another_drop_of_the_same_name_is_told() -> None:
    step: Any = Said()
    with pytest.raises(MmsError, match="found 9:1, but it was dropped at 7:2"):
        find_drop(scene(drop(LATER)), ACCIDENT, step)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"shop.orders": NamespacePrint("collection", "other", "new", "{}", ())}, "differ"),
        ({}, "only in the first"),
    ],
)
def test_a_collection_that_came_back_otherwise_is_told(
    monkeypatch: pytest.MonkeyPatch, now: dict[str, NamespacePrint], said: str
) -> None:
    with pytest.raises(MmsError, match=said):
        come_back(monkeypatch, now)


def test_a_collection_is_back_under_a_uuid_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else has changed meanwhile is not compared."""
    back = NamespacePrint("collection", "md5", "new", "{}", ())
    other = NamespacePrint("collection", "changed", "uuid", "{}", ())

    assert come_back(monkeypatch, {"shop.orders": back, "shop.stock": other}).startswith("equal")


def come_back(monkeypatch: pytest.MonkeyPatch, now: dict[str, NamespacePrint]) -> str:
    module = "mmsconsole.demo.bringing_back"
    monkeypatch.setattr(f"{module}.restored", lambda *_, **__: None)
    monkeypatch.setattr(f"{module}.fingerprint", lambda *_: Fingerprint(now))
    step: Any = Said()
    played: Any = SimpleNamespace(client=None)
    bring_back(played, ACCIDENT, "before:7:2", step)
    return str(step.text)

"""Commands that are sent again, and what the user may do."""

from typing import Any

import bson
import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.dump.contents import Batch
from mmsconsole.errors import (
    ApplyFailed,
    CommandFailed,
    SourceUnreachable,
    WrongReplicaSet,
)
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.rawbson import array_of
from mmsconsole.restore.live import primary as primary_module
from mmsconsole.restore.live.connecting import connect
from mmsconsole.restore.live.inserting import Insert, Lanes
from mmsconsole.restore.live.making import create
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.live.rights import NEEDED, missing_rights
from mmsconsole.secret import Secret
from mmsconsole.task import Task
from tests.restore.live.conftest import Live

pytestmark = pytest.mark.xdist_group("restores")
DOCUMENTS = [bson.encode({"_id": n}) for n in range(50)]
ONE = DumpedCollection("again", "c")


@pytest.fixture
def lost_answers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each number in it: so many answers come, and the next one is lost with its connection."""
    left: list[int] = []
    receive = WireConnection.receive

    def lose(self: WireConnection) -> bytearray:
        answer = receive(self)
        if left and left[0] == 0:
            left.pop()
            self.close()
            raise SourceUnreachable("the connection was closed", where="here")
        if left:
            left[0] -= 1
        return answer

    monkeypatch.setattr(WireConnection, "receive", lose)
    return left


@pytest.mark.parametrize("is_array", [True, False])
def test_a_batch_whose_answer_was_lost_is_sent_again_and_counted_once(
    live: Live, lost_answers: list[int], is_array: bool
) -> None:
    primary = live.primary()
    create(primary, ONE)
    data = array_of(DOCUMENTS) if is_array else b"".join(DOCUMENTS)
    lanes = Lanes(primary)
    lost_answers.append(1)  # hello is answered
    lanes.put(Insert("again", "c", False, Batch(ONE, data, 50, is_array=is_array)))
    lanes.drain()
    assert lost_answers == []
    assert lanes.documents == {"again.c": 50}
    assert live.client.again.c.count_documents({}) == 50
    lanes.close()
    primary.close()


def test_a_collection_that_was_made_by_the_lost_command_is_no_error(
    live: Live, lost_answers: list[int]
) -> None:
    primary = live.primary()
    lost_answers.append(1)
    create(primary, ONE)
    with pytest.raises(ApplyFailed, match="already exists"):
        create(primary, ONE)
    primary.close()


def test_a_document_that_is_there_already_is_an_error_when_nothing_was_lost(live: Live) -> None:
    live.client.again.c.insert_one({"_id": 7})
    primary = live.primary()
    lanes = Lanes(primary)
    batch = Batch(ONE, array_of(DOCUMENTS), 50, is_array=True)
    lanes.put(Insert("again", "c", False, batch))
    with pytest.raises(ApplyFailed, match="E11000") as raised:
        lanes.drain()
    assert raised.value.where == "again.c"
    lanes.close()
    primary.close()


class Stepping:
    """A connection to a primary that steps down at the first command."""

    address = "there"
    timeout_seconds = 1.0

    def __init__(self, codes: list[int]) -> None:
        self._codes = codes

    def call(self, _: object) -> bytes:
        if self._codes:
            raise CommandFailed("not primary", server_code=self._codes.pop())
        return bson.encode({"ok": 1, "n": 1})

    def close(self) -> None:
        pass


@pytest.mark.parametrize("code", [10107, 189, 11602, 91, 13435])
def test_a_primary_that_steps_down_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    codes = [code]
    monkeypatch.setattr(primary_module, "connect", lambda _: Stepping(codes))
    uri = parse_uri(Secret("mongodb://there/"))
    found = Primary(uri, SystemClock(), Task(), 60).run("db", {"insert": "c"})
    assert found["sentAgain"] is True


@pytest.mark.parametrize("code", [112, 365, 388])
def test_a_primary_that_is_too_busy_for_a_document_is_sent_it_again(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    class Busy(Stepping):
        def call(self, _: object) -> bytes:
            error = {"index": 0, "code": self._codes.pop(), "errmsg": "no room"} if codes else None
            return bson.encode({"ok": 1, "n": 1, **({"writeErrors": [error]} if error else {})})

    codes = [code]
    monkeypatch.setattr(primary_module, "connect", lambda _: Busy(codes))
    uri = parse_uri(Secret("mongodb://there/"))
    found = Primary(uri, SystemClock(), Task(), 60).run("db", {"insert": "c"})
    assert found == {"ok": 1, "n": 1, "sentAgain": True}


def test_a_write_that_no_majority_has_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Alone(Stepping):
        def call(self, _: object) -> bytes:
            failed = {"code": 64, "errmsg": "waiting for replication timed out"}
            return bson.encode({"ok": 1, "n": 1, "writeConcernError": failed})

    monkeypatch.setattr(primary_module, "connect", lambda _: Alone([]))
    uri = parse_uri(Secret("mongodb://there/"))
    with pytest.raises(CommandFailed, match="replication timed out"):
        Primary(uri, SystemClock(), Task(), 0).run("db", {"insert": "c"})


def test_another_sets_name_is_refused(live: Live) -> None:
    text = live.uri.uri.reveal().replace("replicaSet=rs0", "replicaSet=other")
    with pytest.raises(WrongReplicaSet, match="belongs to rs0, not to other"):
        connect(parse_uri(Secret(text)))


def status_of(*privileges: dict[str, Any]) -> dict[str, Any]:
    users = [{"user": "u", "db": "admin"}]
    return {"authInfo": {"authenticatedUsers": users, "authenticatedUserPrivileges": privileges}}


def on(database: str, *actions: str, collection: str = "") -> dict[str, Any]:
    return {"resource": {"db": database, "collection": collection}, "actions": list(actions)}


@pytest.mark.parametrize(
    ("status", "lacking"),
    [
        ({"authInfo": {"authenticatedUsers": []}}, ""),
        ({}, ""),
        (status_of(on("", *NEEDED)), ""),
        (status_of(on("shop", *NEEDED)), ""),
        (status_of({"resource": {"anyResource": True}, "actions": list(NEEDED)}), ""),
        (status_of(on("shop", *NEEDED[1:]), on("", NEEDED[0])), ""),
        (status_of(on("shop", "find")), "no right on 'shop' to insert, update"),
        (status_of(on("other", *NEEDED)), "no right on 'shop'"),
        (status_of(on("shop", *NEEDED, collection="a")), "no right on 'shop'"),
        (status_of({"resource": {"cluster": True}, "actions": list(NEEDED)}), "no right on 'shop'"),
    ],
)
def test_rights_are_known_before_anything_is_written(status: dict[str, Any], lacking: str) -> None:
    said = "; ".join(missing_rights(status, ["shop"]))
    assert said.startswith(lacking)
    assert bool(said) == bool(lacking)

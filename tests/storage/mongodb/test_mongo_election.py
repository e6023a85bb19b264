"""A store in three members: what put() has returned of is there, whoever is primary."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.errors import ObjectMissing, StorageUnreachable
from mmsconsole.metadata.collection import new_id
from mmsconsole.secret import Secret
from mmsconsole.storage.mongodb.mongo_storage import PART_BYTES, MongoStorage
from mmsconsole.storage.mongodb.url import open_mongo
from mmsconsole.storage.retrying import Backoff, Retrying
from tests.storage.contract import keys
from tests.support.paused import held

WRITERS = 3
SECONDS_MAX = 90


def data_of(number: int, version: int) -> bytes:
    """Two parts and a bit; no two objects and no two versions of one have a part in common."""
    return f"{number:08}.{version:08};".encode() * (2 * PART_BYTES // 18 + 10)


@dataclass
class Writer:
    """Puts objects and replaces the one before, and reads each back, until it is stopped."""

    storage: MongoStorage
    name: str
    stop: threading.Event
    returned: dict[str, bytes] = field(default_factory=dict)
    failed: dict[str, set[bytes]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            self._put(number, 1)
            if number > 1:
                self._put(number - 1, 2)

    def _put(self, number: int, version: int) -> None:
        key, data = f"{self.name}/{number}", data_of(number, version)
        try:
            self.storage.put(key, [data])
        except StorageUnreachable:
            self.failed.setdefault(key, set()).add(data)
            return
        self.returned[key] = data
        try:
            if self.storage.get(key) != data:
                self.wrong.append(key)
        except ObjectMissing:
            self.wrong.append(f"{key} is missing")
        except StorageUnreachable:
            pass  # nobody to ask: it is read again at the end


@pytest.fixture
def uri(three_members: LocalReplicaSet) -> Secret:
    """Of a store of the test's own."""
    return Secret(three_members.uri.replace("/?", f"/store_{new_id()}?"))


@pytest.fixture
def storage(three_members: LocalReplicaSet, uri: Secret) -> Iterator[MongoStorage]:
    yield open_mongo(uri, timeout_seconds=60)
    for index in range(3):
        three_members.start_member(index)
    three_members.wait_for_secondaries()


def wait_for_more(writers: list[Writer]) -> None:
    """Until each of them has put some more objects."""
    before = [len(writer.returned) for writer in writers]
    event = threading.Event()
    for _ in range(SECONDS_MAX * 20):
        if all(len(writer.returned) >= count + 2
               for writer, count in zip(writers, before, strict=True)):  # fmt: skip
            return
        event.wait(0.05)
    raise AssertionError("the writers stand still")


def test_every_put_that_returned_is_there_through_a_step_down_and_a_kill(
    three_members: LocalReplicaSet, storage: MongoStorage
) -> None:
    stop = threading.Event()
    writers = [Writer(storage, f"w{number}", stop) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        wait_for_more(writers)
        three_members.step_down()
        wait_for_more(writers)
        lost = three_members.primary()
        three_members.kill_member(lost)
        wait_for_more(writers)
        three_members.start_member(lost)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    three_members.wait_for_secondaries()

    for writer in writers:
        assert writer.wrong == []
        there = set(keys(storage, writer.name))
        assert there >= writer.returned.keys()
        assert there <= writer.returned.keys() | writer.failed.keys()
        for key in there:
            whole = {writer.returned.get(key)} | writer.failed.get(key, set())
            assert storage.get(key) in whole, key


def test_without_a_majority_a_put_fails_in_time_says_so_and_leaves_nothing(
    three_members: LocalReplicaSet, storage: MongoStorage, uri: Secret, clock: SystemClock
) -> None:
    patient = Retrying(storage, Backoff(10), clock)  # the set may elect whenever it is slow
    patient.put("a/before", [b"x"])
    impatient = open_mongo(uri, timeout_seconds=1)
    primary = three_members.primary()

    with ExitStack() as standing_still:
        for index in {0, 1, 2} - {primary}:
            standing_still.enter_context(held(three_members.member(index).pid))
        for key in ("a/new", "a/before"):
            with pytest.raises(StorageUnreachable) as caught:
                impatient.put(key, [data_of(1, 1)])
            assert caught.value.where == key
            assert "a majority of the store's members" in caught.value.hint
        for read in (lambda: impatient.get("a/before"), lambda: keys(impatient, "")):
            with pytest.raises(StorageUnreachable) as caught:
                read()
            assert "a majority of the store's members" in caught.value.hint

    three_members.wait_for_secondaries()
    assert keys(patient, "") == ["a/before"]
    assert patient.get("a/before") == b"x"
    with pytest.raises(ObjectMissing):
        patient.get("a/new")

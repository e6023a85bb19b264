"""Slices under way: few at a time, every failure told, nothing done too early."""

import threading
from dataclasses import replace

import pytest

from mmsconsole.agent.pump import UNDER_WAY_MAX, SlicePump
from mmsconsole.errors import StorageError
from mmsconsole.metadata.syncs import SyncCollection
from tests.support.uplink import RecordingUplink

THINGS = SyncCollection(
    id="c1", head="h", ns="app.things", uuid=b"u" * 16, kind="collection", options=b"",
    id_index=b"", indexes=(),
)  # fmt: skip


def test_every_slice_is_stored_when_it_has_been_drained(uplink: RecordingUplink) -> None:
    with SlicePump(uplink) as pump:
        for number in range(50):
            pump.put(THINGS, number, bytes([number]))
        pump.drain()
        assert uplink.slices["c1"] == {number: bytes([number]) for number in range(50)}


def test_no_more_than_a_few_slices_are_held_at_one_time(uplink: RecordingUplink) -> None:
    stored, may_go_on = threading.Semaphore(0), threading.Event()

    def wait(collection: SyncCollection, number: int) -> None:
        stored.release()
        assert may_go_on.wait(120)

    uplink.before_slice = wait
    put: list[int] = []

    def fill() -> None:
        with SlicePump(uplink) as pump:
            for number in range(UNDER_WAY_MAX + 2):
                pump.put(THINGS, number, b"")
                put.append(number)

    filling = threading.Thread(target=fill)
    filling.start()
    assert stored.acquire(timeout=120)
    filling.join(0.2)
    held = list(put)
    may_go_on.set()
    filling.join(120)
    assert len(held) <= UNDER_WAY_MAX
    assert len(put) == UNDER_WAY_MAX + 2


def test_a_collection_is_done_only_when_its_slices_are_stored(uplink: RecordingUplink) -> None:
    order: list[str] = []
    uplink.before_slice = lambda collection, number: order.append(f"{collection.ns} {number}")
    with SlicePump(uplink) as pump:
        for each in (THINGS, replace(THINGS, id="c2", ns="app.more")):
            for number in range(5):
                pump.put(each, number, b"")
            pump.done(each)
        pump.drain()
    assert uplink.done == ["app.things", "app.more"]
    assert len(order) == 10


def test_a_failure_is_raised_and_its_collection_is_not_done(uplink: RecordingUplink) -> None:
    def fail(collection: SyncCollection, number: int) -> None:
        if number == 1:
            raise StorageError("no")

    uplink.before_slice = fail
    with pytest.raises(StorageError):
        put_three(uplink)
    assert not uplink.done


def put_three(uplink: RecordingUplink) -> None:
    with SlicePump(uplink) as pump:
        for number in range(3):
            pump.put(THINGS, number, b"")
        pump.done(THINGS)
        pump.drain()


def test_a_restart_waits_for_what_is_under_way(uplink: RecordingUplink) -> None:
    with SlicePump(uplink) as pump:
        for number in range(3):
            pump.put(THINGS, number, b"old")
        pump.restart(THINGS)
        pump.put(THINGS, 0, b"new")
        pump.drain()
    assert uplink.slices["c1"] == {0: b"new"}

"""A snapshot opened for reading: asked by who has the password, changed by nobody, and gone when
its time is over.
"""

import os
import signal
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from mmsconsole.demo.replica_set import free_ports
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.openings import Opening, OpeningState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.restore.opened import keeper
from mmsconsole.restore.opened.keeper import OpenedKeeper
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources
from tests.support.backups import wait_until
from tests.support.opened import opened
from tests.support.processes import mongods_below

Client = MongoClient[dict[str, Any]]


def client_of(opening: Opening, password: str | None = None) -> Client:
    return MongoClient(
        "127.0.0.1", opening.port, directConnection=True, username=opening.user,
        password=opening.password.reveal() if password is None else password,
        serverSelectionTimeoutMS=60_000,
    )  # fmt: skip


def test_it_is_read_by_who_has_the_password_and_changed_by_nobody(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot
) -> None:
    opening = opened(resources, opened_keeper, small_snapshot)
    assert opening.state is OpeningState.OPEN
    with client_of(opening) as client:
        assert client.shop.orders.count_documents({"paid": True}) == 50
        with pytest.raises(OperationFailure):
            client.shop.orders.insert_one({"_id": "new"})
    with client_of(opening, "guessed") as client, pytest.raises(OperationFailure):
        client.shop.orders.find_one()
    with MongoClient("127.0.0.1", opening.port, directConnection=True) as stranger:
        with pytest.raises(OperationFailure):
            stranger.shop.orders.find_one()
        with pytest.raises(OperationFailure):  # no first user can be made from loopback
            stranger.admin.command("createUser", "me", pwd="x", roles=["root"])
    owner = replace(opening, user="owner")
    with client_of(owner, "of-the-source") as client, pytest.raises(OperationFailure):
        client.shop.orders.delete_many({})
    assert opening.password.reveal() not in repr(opening)


def test_it_goes_with_its_files_when_its_time_is_over(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot
) -> None:
    opening = opened(resources, opened_keeper, small_snapshot)
    assert mongods_below(Path(opening.staging))
    past = resources.clock.now() - timedelta(seconds=1)
    resources.metadata.openings.set(opening.id, until=past)
    opened_keeper.tick()
    assert resources.metadata.openings.get(opening.id).state is OpeningState.CLOSED
    assert not mongods_below(Path(opening.staging))
    assert not Path(opening.staging).exists()


def test_it_is_begun_again_when_its_mongod_or_its_engine_died(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot
) -> None:
    opening = opened(resources, opened_keeper, small_snapshot)
    (pid,) = mongods_below(Path(opening.staging))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not mongods_below(Path(opening.staging)))
    opened_keeper.tick()
    opened_keeper.stop()  # as the end of an engine does
    next_keeper = OpenedKeeper(resources)
    next_keeper.tick()
    try:
        again = resources.metadata.openings.get(opening.id)
        assert again.state is OpeningState.OPEN, again.reason
        with client_of(again) as client:
            assert client.shop.orders.count_documents({}) == 100
    finally:
        next_keeper.stop()


def test_it_outlives_the_snapshot_that_it_was_made_of(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot
) -> None:
    opening = opened(resources, opened_keeper, small_snapshot)
    opened_keeper.stop()
    resources.metadata.snapshots.remove(small_snapshot.id)  # it has expired meanwhile
    next_keeper = OpenedKeeper(resources)
    next_keeper.tick()
    try:
        again = resources.metadata.openings.get(opening.id)
        assert again.state is OpeningState.OPEN, again.reason
    finally:
        next_keeper.stop()


def opening_record(resources: Resources, id_: str, staging: Path, **fields: Any) -> Opening:
    now = resources.clock.now()
    return resources.metadata.openings.add(
        Opening(
            id_, "d1", "s1", Optime(1, 1), str(staging / "data"), str(staging), "reader",
            Secret("x"), now, now, **fields,
        )
    )  # fmt: skip


def test_one_whose_files_can_not_be_removed_does_not_keep_the_others(
    resources: Resources, opened_keeper: OpenedKeeper, tmp_path: Path
) -> None:
    somebodys = tmp_path / "000000000001"
    (somebodys / "precious").mkdir(parents=True)
    for id_, staging in (("000000000001", somebodys), ("000000000002", tmp_path / "none")):
        opening_record(resources, id_, staging)
    opened_keeper.tick()
    states = [resources.metadata.openings.get(f"00000000000{n}").state for n in (1, 2)]
    assert states == [OpeningState.STARTING, OpeningState.CLOSED]
    assert (somebodys / "precious").exists()


def test_one_is_not_given_up_because_the_metadata_are_away(
    resources: Resources, opened_keeper: OpenedKeeper, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    later = resources.clock.now() + timedelta(hours=1)
    opening = opening_record(resources, "000000000001", tmp_path / "none")
    resources.metadata.openings.set(opening.id, until=later)

    def away(_id: str) -> None:
        raise MetadataError("does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(resources.metadata.snapshots, "get", away)
        with pytest.raises(MetadataError):
            opened_keeper.tick()
    assert resources.metadata.openings.get(opening.id).state is OpeningState.STARTING


def test_one_that_can_not_be_started_says_why_and_leaves_nothing(
    resources: Resources,
    opened_keeper: OpenedKeeper,
    small_snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mmsconsole.restore.opened.keeper.free_ports", lambda ports: iter(()))
    opening = opened(resources, opened_keeper, small_snapshot)
    assert opening.state is OpeningState.FAILED
    assert "27700" in opening.reason
    assert not Path(opening.staging).exists()


def test_a_port_that_somebody_takes_in_the_last_moment_is_passed_over(
    resources: Resources, opened_keeper: OpenedKeeper, small_snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        taken, free = other.getsockname()[1], free_ports(1)[0]
        monkeypatch.setattr(keeper, "free_ports", lambda ports: iter((taken, free)))
        opening = opened(resources, opened_keeper, small_snapshot)
    assert (opening.state, opening.port) == (OpeningState.OPEN, free)

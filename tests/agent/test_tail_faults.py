"""Cursors that are killed, members that hang, sets without a majority, users without a right."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from mmsconsole.agent.reader import Origin
from mmsconsole.agent.tail import TailOptions
from mmsconsole.errors import Cancelled
from tests.support.guarded import PASSWORD, GuardedSet
from tests.support.patience import PATIENCE_SECONDS, insert
from tests.support.paused import held
from tests.support.tailing import (
    assert_continuous,
    assert_equals_source,
    forget,
    newest,
    start,
    tailing,
    write,
)
from tests.support.uplink import RecordingUplink

Client = MongoClient[dict[str, Any]]
WATCHFUL = TailOptions(
    chunk_seconds=0.2, answer_seconds=3, status_seconds=0.2, standstill_seconds=0.5, lag_seconds=1
)
pytestmark = pytest.mark.xdist_group("agent-tail")


def kill_cursors(root: Client) -> None:
    """Every cursor on the oplog, until one was there to be killed."""
    idle = [{"$currentOp": {"allUsers": True, "idleCursors": True}}]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [
            each["cursor"]["cursorId"]
            for each in root.admin.aggregate(idle)
            if each.get("ns") == "local.oplog.rs" and "cursor" in each
        ]
        if found:
            reply = root.local.command({"killCursors": "oplog.rs", "cursors": found})
            if reply["cursorsKilled"]:
                return
        time.sleep(0.05)
    raise AssertionError("there was no cursor on the oplog")


# -- one member


def test_a_cursor_that_the_server_killed_is_opened_anew_and_told_of(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(guarded)
    with tailing(guarded, uplink, anchor):
        for number in range(3):
            uplink.wait(lambda: bool(uplink.tails) and not uplink.tails[-1].error)
            told = len(uplink.tails)
            kill_cursors(root)
            uplink.wait(lambda told=told: any(tail.error for tail in uplink.tails[told:]))
            write(root, [number], "killed")
            uplink.wait(lambda number=number: number in uplink.inserted("tailed.killed"))
    assert uplink.inserted("tailed.killed") == [0, 1, 2]
    assert_continuous(uplink, anchor)
    root.drop_database("tailed")


def test_an_idle_source_is_asked_a_few_times_a_second_and_not_more(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    with tailing(guarded, uplink, newest(guarded)):
        uplink.wait(lambda: bool(uplink.tails))
        before, begun = _getmores(root), time.monotonic()
        time.sleep(2)
        asked, elapsed = _getmores(root) - before, time.monotonic() - begun
    # QUICK chunks are cut after 0.2 s: while one waits, answers are held back for less.
    assert asked <= 10 * elapsed


def _getmores(root: Client) -> int:
    return int(root.admin.command("serverStatus")["opcounters"]["getmore"])


@pytest.fixture
def fickle(guarded: GuardedSet, root: Client) -> Iterator[Origin]:
    """As a user who may lose its rights."""
    guarded.create_user("fickle", ["backup", "clusterMonitor"])
    yield Origin(guarded.as_user("fickle"), "primary")
    with suppress(PyMongoError):
        root.admin.command("dropUser", "fickle")


def test_a_user_that_is_dropped_is_told_of_and_the_tail_goes_on_when_it_is_back(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink, fickle: Origin
) -> None:
    anchor = newest(guarded)
    with _following(fickle, uplink, anchor):
        root.admin.command("dropUser", "fickle")
        uplink.wait(lambda: any("uthentication failed" in tail.error for tail in uplink.tails))
        write(root, ["meanwhile"], "fickle")
        guarded.create_user("fickle", ["backup", "clusterMonitor"])
        uplink.wait(lambda: "meanwhile" in uplink.inserted("tailed.fickle"))
        uplink.wait(lambda: not uplink.tails[-1].error)
    assert_continuous(uplink, anchor)
    root.drop_database("tailed")


def test_a_password_that_is_changed_is_told_of_and_the_tail_goes_on_when_it_is_right_again(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink, fickle: Origin
) -> None:
    """A connection stays logged in; the next one is refused."""
    anchor = newest(guarded)
    with _following(fickle, uplink, anchor):
        root.admin.command("updateUser", "fickle", pwd="another one")
        kill_cursors(root)
        uplink.wait(lambda: any("uthentication failed" in tail.error for tail in uplink.tails))
        write(root, ["meanwhile"], "fickle")
        root.admin.command("updateUser", "fickle", pwd=PASSWORD.reveal())
        uplink.wait(lambda: "meanwhile" in uplink.inserted("tailed.fickle"))
        uplink.wait(lambda: not uplink.tails[-1].error)
    assert not any(PASSWORD.reveal() in tail.error for tail in uplink.tails)
    assert_continuous(uplink, anchor)
    root.drop_database("tailed")


@contextmanager
def _following(origin: Origin, uplink: RecordingUplink, anchor: Any) -> Iterator[None]:
    running = start(origin, uplink, anchor)
    try:
        uplink.wait(lambda: bool(uplink.tails) and not uplink.tails[-1].error)
        yield
    finally:
        running.cancellation.cancel()
        ended_by = running.wait()
    assert isinstance(ended_by, Cancelled)


# -- three members


@pytest.fixture
def three(guarded_three: GuardedSet) -> Iterator[GuardedSet]:
    """All members run before and after."""
    guarded_three.replica_set.start()
    guarded_three.replica_set.wait_for_secondaries()
    yield guarded_three
    guarded_three.replica_set.start()
    guarded_three.replica_set.wait_for_secondaries()


@pytest.fixture
def client(three: GuardedSet) -> Iterator[Client]:
    with three.replica_set.client() as client:
        yield client
        forget(client)


class Writing:
    """Writes numbers with a majority, one after another, through whatever happens to the set."""

    def __init__(self, client: Client, pause: float = 0.01) -> None:
        self._pause = pause
        self._things = client["tailed"].get_collection(
            "written", write_concern=WriteConcern("majority")
        )
        self.acknowledged = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Writing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(2 * PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._end.wait(self._pause):
            insert(self._things, [{"_id": self.acknowledged}])
            self.acknowledged += 1


def test_a_primary_killed_under_writes_costs_no_entry(
    three: GuardedSet, client: Client, uplink: RecordingUplink
) -> None:
    primary = three.replica_set.primary()
    anchor = newest(three, primary)
    with tailing(three, uplink, anchor, options=WATCHFUL):
        with Writing(client) as writing:
            uplink.wait(lambda: 20 in uplink.inserted("tailed.written"))
            three.replica_set.kill_member(primary)
            three.replica_set.wait_for_primary()
            later = writing.acknowledged + 20
            uplink.wait(lambda: later in uplink.inserted("tailed.written"))
        last = writing.acknowledged - 1
        uplink.wait(lambda: last in uplink.inserted("tailed.written"))
    assert uplink.inserted("tailed.written") == list(range(last + 1))
    assert_continuous(uplink, anchor)
    assert_equals_source(uplink, anchor, client)


def test_a_source_that_is_restarted_whole_is_followed_again(
    three: GuardedSet, client: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(three, three.replica_set.primary())
    with tailing(three, uplink, anchor, options=WATCHFUL):
        with Writing(client) as writing:
            uplink.wait(lambda: 5 in uplink.inserted("tailed.written"))
            three.replica_set.kill()
            uplink.wait(lambda: bool(uplink.tails[-1].error))
            three.replica_set.start()
            later = writing.acknowledged + 5
            uplink.wait(lambda: later in uplink.inserted("tailed.written"))
        last = writing.acknowledged - 1
        uplink.wait(lambda: last in uplink.inserted("tailed.written"))
    assert uplink.inserted("tailed.written") == list(range(last + 1))
    assert_continuous(uplink, anchor)
    assert_equals_source(uplink, anchor, client)


def test_a_member_that_hangs_is_replaced_by_another(
    three: GuardedSet, client: Client, uplink: RecordingUplink
) -> None:
    """It answers nothing, and its connections stay open."""
    primary = three.replica_set.primary()
    anchor = newest(three, primary)
    with tailing(three, uplink, anchor, "secondary", WATCHFUL):
        uplink.wait(lambda: bool(uplink.tails) and bool(uplink.tails[-1].member))
        hung = uplink.tails[-1].member
        with held(three.replica_set.member(three.hosts.index(hung)).pid):
            write(client, [1], "hangs")
            uplink.wait(lambda: 1 in uplink.inserted("tailed.hangs"))
            uplink.wait(lambda: uplink.tails[-1].member not in ("", hung))
    assert any("did not answer in time" in tail.error for tail in uplink.tails)
    assert_continuous(uplink, anchor)


def test_a_member_that_lags_is_left_for_another(
    three: GuardedSet, client: Client, uplink: RecordingUplink
) -> None:
    """Else the tail would fall behind with it, and the lag be seen by nobody."""
    anchor = newest(three, three.replica_set.primary())
    with tailing(three, uplink, anchor, "secondary", WATCHFUL):
        uplink.wait(lambda: bool(uplink.tails) and bool(uplink.tails[-1].member))
        lagging = three.hosts.index(uplink.tails[-1].member)
        if lagging != three.replica_set.primary():
            with three.held_back([lagging]), Writing(client, pause=0.1):
                uplink.wait(lambda: 30 in uplink.inserted("tailed.written"))
    assert_continuous(uplink, anchor)


def test_a_set_without_a_majority_is_told_of_until_it_has_one_again(
    three: GuardedSet, client: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(three, three.replica_set.primary())
    with tailing(three, uplink, anchor, options=WATCHFUL):
        write(client, ["before"], "alone")
        with three.held_back(three.replica_set.secondaries()):
            alone = client["tailed"].get_collection("alone", write_concern=WriteConcern(1))
            insert(alone, [{"_id": "alone"}])
            uplink.wait(lambda: any("has no majority" in tail.error for tail in uplink.tails))
            assert "alone" not in uplink.inserted("tailed.alone")
        uplink.wait(lambda: "alone" in uplink.inserted("tailed.alone"))
        uplink.wait(lambda: not uplink.tails[-1].error)
    assert_continuous(uplink, anchor)

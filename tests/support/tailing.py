"""A tail that runs in a thread, and what a test asks of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from mmsconsole.agent.reader import Origin, Prefer
from mmsconsole.agent.tail import OplogTail, TailOptions
from mmsconsole.clock import SystemClock
from mmsconsole.errors import Cancelled, MmsError
from mmsconsole.optime import Optime
from mmsconsole.task import Cancellation, Task
from tests.support.guarded import GuardedSet
from tests.support.patience import insert, patiently
from tests.support.uplink import RecordingUplink

Client = MongoClient[dict[str, Any]]
QUICK = TailOptions(chunk_seconds=0.2)
LIMIT_SECONDS = 180


def newest(guarded: GuardedSet, member: int = 0) -> Optime:
    """The member's last entry, when it knows that a majority has it: one that has just been elected
    learns of older ones a little later.
    """
    deadline = time.monotonic() + LIMIT_SECONDS
    with closing(guarded.reader(member)) as reader:
        while (seen := reader.optimes()).majority < seen.applied:
            assert time.monotonic() < deadline, f"{seen} stays as it is"
            time.sleep(0.05)
    return seen.majority


def write(client: Client, ids: list[Any], name: str = "things") -> None:
    """For good, whatever becomes of the primary meanwhile."""
    collection = client["tailed"].get_collection(name, write_concern=WriteConcern("majority"))
    for each in ids:
        insert(collection, [{"_id": each}])


def forget(client: Client) -> None:
    """What was written."""
    patiently(lambda: client.drop_database("tailed"))


class Running:
    """A tail in a thread of its own."""

    def __init__(self, tail: OplogTail) -> None:
        self.cancellation = Cancellation()
        self.ended_by: MmsError | None = None
        self._thread = threading.Thread(target=self._run, args=(tail,), daemon=True)
        self._thread.start()

    def _run(self, tail: OplogTail) -> None:
        try:
            tail.run(Task(self.cancellation))
        except MmsError as error:
            self.ended_by = error

    def wait(self) -> MmsError | None:
        self._thread.join(LIMIT_SECONDS)
        assert not self._thread.is_alive()
        return self.ended_by


@contextmanager
def tailing(
    guarded: GuardedSet,
    uplink: RecordingUplink,
    anchor: Optime,
    prefer: Prefer = "primary",
    options: TailOptions = QUICK,
) -> Iterator[Running]:
    """Leaving it cancels the tail, and nothing else may have ended it."""
    running = start(guarded.origin(prefer), uplink, anchor, options)
    try:
        yield running
    finally:
        running.cancellation.cancel()
        ended_by = running.wait()
    assert isinstance(ended_by, Cancelled)


def start(
    origin: Origin, uplink: RecordingUplink, anchor: Optime, options: TailOptions = QUICK
) -> Running:
    return Running(OplogTail(origin, "deployment", anchor, uplink, SystemClock(), options))


def assert_continuous(uplink: RecordingUplink, anchor: Optime) -> None:
    for chunk in uplink.chunks:
        assert chunk.start.same_entry(anchor)
        anchor = chunk.end
    optimes = [(entry["ts"], entry["t"]) for entry in uplink.entries()]
    assert optimes == sorted(optimes)
    assert len(set(optimes)) == len(optimes) == sum(chunk.entries for chunk in uplink.chunks)


def assert_equals_source(uplink: RecordingUplink, anchor: Optime, source: Client) -> None:
    """What is stored after the anchor is the source's oplog, byte for byte."""
    assert uplink.end is not None
    raw: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
    between = {"ts": {"$gt": anchor.timestamp, "$lte": uplink.end.timestamp}}
    oplog = source["local"].get_collection("oplog.rs", codec_options=raw)
    expected = patiently(lambda: [entry.raw for entry in oplog.find(between)])
    assert [entry.raw for entry in uplink.entries()] == expected

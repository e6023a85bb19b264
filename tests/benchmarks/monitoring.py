"""What monitoring costs: here, on the servers, and in the metadata database.

    python -m tests.benchmarks.monitoring [MEMBERS] [SECONDS]

One real mongod with 40 collections is asked 100 times, and then as MEMBERS (200) members, each over
a connection of its own, by one agent that writes into a real metadata database, for SECONDS (60).
Processor time of a server is that of its threads, from /proc: of the one mongod, which nobody else
uses. Then samples like those of a busy member are written, a tenth of what the retention keeps,
and the collections' sizes on the disk are projected to all of it.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bson

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import free_ports
from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment, DeploymentKind
from mmsconsole.metadata.members import MemberState, member_id
from mmsconsole.metadata.samples import KEPT_SECONDS, Grain, Sample
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary, find_binaries
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.monitoring.agent import MonitoringAgent
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.member_poll import MemberPoll
from mmsconsole.monitoring.metrics import METRICS, Scope
from mmsconsole.monitoring.track import MemberTrack
from mmsconsole.secret import Secret
from mmsconsole.settings.monitoring import MonitoringSettings
from tests.support.metadata import private_metadata, settings_of

POLLS = 100
PAUSE = 0.6
"""Between two polls: over less than half a second there are no rates."""
COLLECTIONS = 40
SHARE = 10
"""Of the retention a tenth is written."""
STEP = {Grain.FINE: 10, Grain.MINUTE: 60, Grain.HOUR: 3600}
SIZED_MINUTES = 20
SIZED_SUBJECTS = 50
"""Databases and collections of a member, whose sizes are asked for each SIZED_MINUTES."""
CLOCK = SystemClock()


def main(members: int, seconds: float) -> None:
    binary = find_binaries([], os.environ)[-1]
    with ExitStack() as started, tempfile.TemporaryDirectory(prefix="mms-", dir="/tmp") as folder:
        server = start_server(binary, Path(folder))
        started.callback(server.kill)
        source = parse_uri(Secret(f"mongodb://{server.options.listen}"))
        one_member(server, source)
        settings = settings_of(Path(folder) / "home")
        metadata = started.enter_context(private_metadata(settings, binary, CLOCK))
        many_members(metadata, server, source, members, seconds)
    with ExitStack() as started, tempfile.TemporaryDirectory(prefix="mms-", dir="/tmp") as folder:
        settings = settings_of(Path(folder) / "home")
        retention(started.enter_context(private_metadata(settings, binary, CLOCK)))


def start_server(binary: MongodBinary, folder: Path) -> MongodProcess:
    """With the hardware's figures, as outside of tests."""
    options = MongodOptions(
        binary=binary.path, dbpath=folder / "data", log=folder / "log",
        listen=Address.loopback(free_ports(1)[0]), repl_set="rs0", extra=(),
    )  # fmt: skip
    server = MongodProcess.start(options, CLOCK)
    with server.client() as client:
        members = [{"_id": 0, "host": str(options.listen)}]
        client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        while not client.admin.command("hello")["isWritablePrimary"]:
            time.sleep(0.05)
        for number in range(COLLECTIONS):
            client.shop[f"goods{number}"].insert_many([{"n": n} for n in range(100)])
    return server


def one_member(server: MongodProcess, source: SourceUri) -> None:
    poll = new_poll(source)
    track = MemberTrack(MemberState(member_id("d", "a:1"), "d", "a:1"), CLOCK, 10)
    time.sleep(2)  # the server looks at its hardware once a second
    ours, waited, theirs, names = [], [], [], set()
    for _ in range(POLLS):
        time.sleep(PAUSE)
        began, used = time.thread_time(), connection_seconds(server)
        answers = poll.poll()
        samples, state = track.answered(answers)
        bson.encode(to_document(state))
        for sample in samples:
            bson.encode(sample.values)
        ours.append((time.thread_time() - began) * 1000)
        theirs.append((connection_seconds(server) - used) * 1000)
        waited.append(answers.server_ms)
        names |= samples[0].values.keys()
    poll.close()
    print(f"one member, {POLLS} polls, {len(names)} metrics in a sample")
    for what, values in (
        ("our processor, ms", ours), ("the server's processor, ms", theirs),
        ("waiting for answers, ms", waited),
    ):  # fmt: skip
        print(f"  {what:28} median {middle(values):6.2f}   95 % below {highest(values):6.2f}")


def many_members(
    metadata: Metadata, server: MongodProcess, source: SourceUri, members: int, seconds: float
) -> None:
    for number in range(members):
        uri, set_id = Secret(f"mongodb://sim{number}:27017"), f"standalone sim{number}"
        metadata.deployments.add(
            Deployment(
                f"d{number}", f"sim{number}", uri, "", set_id, "6.0.5", "6.0", CLOCK.now(),
                kind=DeploymentKind.STANDALONE,
            )
        )  # fmt: skip
    agent = MonitoringAgent(
        MonitoringSettings(), metadata, CLOCK, "bench",
        make_poll=lambda _, host: Renamed(new_poll(source), host),
    )  # fmt: skip
    agent.start()
    time.sleep(30)  # the first polls ask for more
    database = metadata_pid(server)
    before = (time.process_time(), cpu_of(database), cpu_of(server.pid), time.monotonic())
    time.sleep(seconds)
    after = (time.process_time(), cpu_of(database), cpu_of(server.pid), time.monotonic())
    elapsed = after[3] - before[3]
    used = [end - begin for begin, end in zip(before[:3], after[:3], strict=True)]
    ours, kept, asked = (100 * each / elapsed for each in used)
    reported = next(iter(metadata.agents.all()))
    agent.stop(10)
    polls = members * elapsed / 10
    print(f"{members} members, each 10 s, {elapsed:.0f} s")
    each = used[0] * 1000 / polls
    print(f"  the engine's process         {ours:5.1f} % of a core, {each:.1f} ms a poll")
    print(f"  as the agent tells of itself {reported.cpu_percent:5.1f} %, {reported.late} late")
    print(f"  the metadata database        {kept:5.1f} % of a core")
    print(f"  all polled servers together  {asked:5.1f} % of a core")


class Renamed:
    """A poll of the one server, as a member of another name."""

    def __init__(self, poll: MemberPoll, host: str) -> None:
        self._poll = poll
        self._host = host
        self.abort, self.close = poll.abort, poll.close

    def poll(self, *, arbiter: bool) -> Answers:
        return replace(self._poll.poll(arbiter=arbiter), host=self._host)


def new_poll(source: SourceUri) -> MemberPoll:
    address = str(source.seeds[0])
    return MemberPoll(source, address, CLOCK, timeout_seconds=5, database_seconds=1200)


def retention(metadata: Metadata) -> None:
    names = [each.name for each in METRICS if each.scope in (Scope.MEMBER, Scope.HOST)]
    print(
        f"metadata of one member: {len(names)} metrics, {SIZED_SUBJECTS} databases and collections"
    )
    total = 0
    for grain in Grain:
        seconds = KEPT_SECONDS[grain] // SHARE
        began = time.monotonic()
        count = metadata.samples.put(grain, like_busy(names, grain, seconds))
        count += metadata.samples.put(grain, sizes(grain, seconds))
        took = time.monotonic() - began
        metadata.client.admin.command("fsync")
        size = metadata.samples.sizes()[grain]
        megabytes = SHARE * (size.stored_bytes + size.index_bytes) / 1e6
        total += megabytes
        each = (size.stored_bytes + size.index_bytes) / count
        print(f"  {grain:4} {count:7} samples in {took:5.1f} s,", end=" ")
        print(f"{each:6.0f} bytes each: {megabytes:6.1f} MB")
    print(f"  together {total:.0f} MB")


def like_busy(names: Sequence[str], grain: Grain, seconds: int) -> Iterator[Sample]:
    """Two thirds of the values change each time, in all their digits; the others stand still."""
    chance = random.Random(1)
    values = {name: chance.uniform(0, 1e6) for name in names}
    moving = [name for name in names if chance.random() < 0.67]
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    for number in range(seconds // STEP[grain]):
        for name in moving:
            values[name] = max(0.0, values[name] * chance.gauss(1, 0.05))
        spread = {}
        if grain is not Grain.FINE:
            for name in moving:
                spread[f"{name}__min"] = values[name] * chance.uniform(0.5, 1)
                spread[f"{name}__max"] = values[name] * chance.uniform(1, 2)
        yield Sample("d", "a:1", at + timedelta(seconds=number * STEP[grain]), {**values, **spread})


def sizes(grain: Grain, seconds: int) -> Iterator[Sample]:
    """They grow by a little each time."""
    step = max(STEP[grain], SIZED_MINUTES * 60)
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    for subject in range(SIZED_SUBJECTS):
        for number in range(seconds // step):
            values = {f"collection_{name}": 1e6 + subject + number * 100.0 for name in "abcdef"}
            time_of = at + timedelta(seconds=number * step)
            yield Sample("d", f"a:1/shop.goods{subject}", time_of, values)


def connection_seconds(server: MongodProcess) -> float:
    """Of the processor, that all threads of connections have used."""
    total = 0
    for task in Path(f"/proc/{server.pid}/task").iterdir():
        if (task / "comm").read_text().startswith("conn"):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def metadata_pid(other: MongodProcess) -> int:
    """Of the mongod that this process has started beside `other`."""
    below = {os.getpid()}
    found = []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            name = (folder / "comm").read_text().strip()
        except OSError:
            continue
        if parent in below:
            below.add(int(folder.name))
            found += [int(folder.name)] if name == "mongod" else []
    return next(pid for pid in found if pid != other.pid)


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def highest(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:3]]
    main(*(given + [200, 60][len(given) :]))

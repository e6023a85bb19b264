"""A replica set of our own on this machine: the demo's deployment, and what tests back up."""

import secrets
import socket
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, PyMongoError

from mmsconsole.clock import Clock
from mmsconsole.durable import write_file
from mmsconsole.errors import MmsError, MongodFailed
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import MongodOptions, MongodProcess, port_was_taken
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.secret import Secret

Client = MongoClient[dict[str, Any]]

SETTINGS = {
    "electionTimeoutMillis": 2_000,
    "heartbeatIntervalMillis": 500,
    "heartbeatTimeoutSecs": 2,
    "catchUpTimeoutMillis": 2_000,
}
"""Elections within a few seconds; a real deployment waits ten before it begins one."""
DIAGNOSTICS = ("--setParameter", "diagnosticDataCollectionEnabled=true")
"""As `extra`: CPU, memory and disks are told of. It is mongod's default, and costs some work."""
NO_DIAGNOSTICS = ("--setParameter", "diagnosticDataCollectionEnabled=false")
MEMBER_FLAGS = ("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100")
"""A member of a set waits 15 s at its end for its clients to notice; nobody here needs that."""
CACHE_GB = 1.0
"""At most: it grows with the data. With a quarter of it a busy member may say of a transaction
of 18 MB that it does not fit (TransactionTooLargeForCache, seen once in some hundred runs)."""
PRIMARY_SECONDS_MAX = 120
POLL_SECONDS = 0.05
PORT_TRIES = 5
PORTS = range(20_000, 32_000)
"""Below the kernel's own choice for outgoing connections, so a stopped member's stays free."""
USER = "root"
SETTLED = ("isWritablePrimary", "secondary", "arbiterOnly")
SETTLED_STATES = ("PRIMARY", "SECONDARY", "ARBITER")


class LocalReplicaSet:
    """`members` real mongods on 127.0.0.1, their files below `folder`. A context manager.

    `password` turns authentication on, with a keyFile and the user "root". `member_settings`
    adds to a member's configuration by its index (hidden, priority, secondaryDelaySecs, …).
    `extra` is added to every mongod's command line.
    """

    def __init__(
        self,
        binary: Path,
        folder: Path,
        clock: Clock,
        members: int = 3,
        *,
        password: Secret | None = None,
        member_settings: Mapping[int, Mapping[str, Any]] | None = None,
        extra: Sequence[str] = (),
    ) -> None:
        self.name = "rs0"
        self.folder = folder
        self._binary = binary
        self._clock = clock
        self._password = password
        self._member_settings = dict(member_settings or {})
        self._extra = tuple(extra)
        self.addresses = [self._address() for _ in range(members)]
        self._members: dict[int, MongodProcess] = {}

    def __enter__(self) -> "LocalReplicaSet":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- all of it

    def start(self) -> "LocalReplicaSet":
        """Start every member that does not run; initiate the set the first time.

        There is a primary on return. Raises MongodFailed.
        """
        fresh = not self._dbpath(0).exists()
        try:
            if self._password:
                self._key_file()  # made once, not by each of them
            start = self._start_anywhere if fresh else self.start_member
            _all_at_once(start, range(len(self.addresses)))
            if fresh:
                self._initiate()
            self.wait_for_primary()
            if fresh and self._password:
                self._create_user()
            if fresh:
                self.wait_for_secondaries()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """A clean end of all members, secondaries first; the files stay."""
        primaries = [index for index in self._members if self._is_primary(index)]
        _all_at_once(self.stop_member, self._members.keys() - set(primaries))
        _all_at_once(self.stop_member, primaries)

    def kill(self) -> None:
        """SIGKILL for all members."""
        for index in list(self._members):
            self.kill_member(index)

    # -- one member, by its index

    def start_member(self, index: int) -> None:
        process = self._members.get(index)
        if process is None or not process.alive:
            self._members[index] = MongodProcess.start(self._options(index), self._clock)

    def stop_member(self, index: int) -> None:
        self._members.pop(index).stop()

    def kill_member(self, index: int) -> None:
        self._members.pop(index).kill()

    def restart_member(self, index: int) -> None:
        self.stop_member(index)
        self.start_member(index)

    def member(self, index: int) -> MongodProcess:
        return self._members[index]

    def member_client(self, index: int, **options: Any) -> Client:
        """A direct client; the caller closes it."""
        return MongoClient(self._uri([self.addresses[index]]), directConnection=True,
                           **(_client_options() | options))  # fmt: skip

    # -- as the set

    @property
    def uri(self) -> str:
        """With its password: give it to nobody who logs it."""
        return f"{self._uri(self.addresses)}&replicaSet={self.name}"

    def client(self, **options: Any) -> Client:
        """A client of the whole set; the caller closes it."""
        return MongoClient(self.uri, **(_client_options() | options))

    def primary(self) -> int:
        """The index of the primary. Waits for one; raises MongodFailed when none comes."""
        return self.wait_for_primary()

    def secondaries(self) -> list[int]:
        """Indexes of the members that say they are secondaries."""
        return [index for index in self._running() if self._hello(index).get("secondary")]

    def step_down(self) -> int:
        """Make another member primary; returns its index. Needs a second electable member."""
        before = self.wait_for_primary()
        with self.member_client(before) as client:
            command = {"replSetStepDown": 30, "secondaryCatchUpPeriodSecs": 10, "force": True}
            with suppress(AutoReconnect):  # it closes its connections when it steps down
                client.admin.command(command)
        return self._wait(lambda: self._writable(excluded=before), "another primary")

    def wait_for_primary(self) -> int:
        return self._wait(self._writable, "a primary")

    def wait_for_secondaries(self) -> None:
        """Until every running member is primary, secondary or arbiter, and the primary knows it.

        A member's own word is not enough: who reads the set's status asks the primary, which
        hears of it a heartbeat later.
        """
        self._wait(self._all_settled, "its secondaries")

    # -- how

    def _start_anywhere(self, index: int) -> None:
        """On another port where somebody has taken the one that was free when it was chosen."""
        for _ in range(PORT_TRIES - 1):
            try:
                return self.start_member(index)
            except MongodFailed as error:
                if not port_was_taken(error):
                    raise
            self.addresses[index] = self._address()
        return self.start_member(index)

    def _address(self) -> Address:
        """That nobody else is given as long as this set is in use: a member that is killed finds
        its port free when it comes back.
        """
        kept = kept_port()
        weakref.finalize(self, kept.close)
        return Address.loopback(kept.getsockname()[1])

    def _dbpath(self, index: int) -> Path:
        return self.folder / f"member{index}"

    def _options(self, index: int) -> MongodOptions:
        quiet = () if DIAGNOSTICS[1] in self._extra else NO_DIAGNOSTICS
        return MongodOptions(
            binary=self._binary,
            dbpath=self._dbpath(index),
            listen=self.addresses[index],
            log=self.folder / f"member{index}.log",
            repl_set=self.name,
            key_file=self._key_file() if self._password else None,
            cache_gb=CACHE_GB,
            oplog_mb=990,
            extra=(*MEMBER_FLAGS, *quiet, *self._extra),
        )

    def _key_file(self) -> Path:
        path = self.folder / "keyfile"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(path, [secrets.token_hex(100).encode()], mode=0o400)
        return path

    def _uri(self, addresses: Sequence[Address], login: bool = True) -> str:
        hosts = ",".join(map(str, addresses))
        if not (login and self._password):
            return f"mongodb://{hosts}/?appName=demo"
        return f"mongodb://{USER}:{quote(self._password.reveal(), safe='')}@{hosts}/?appName=demo"

    def _initiate(self) -> None:
        members = [
            {"_id": index, "host": str(address)} | dict(self._member_settings.get(index, {}))
            for index, address in enumerate(self.addresses)
        ]
        config = {"_id": self.name, "members": members, "settings": SETTINGS}
        with self._anonymous(0) as client:
            client.admin.command({"replSetInitiate": config})

    def _create_user(self) -> None:
        """By the localhost exception: the first user may be made without one."""
        assert self._password is not None
        with self._anonymous(self.wait_for_primary()) as client:
            client.admin.command(
                {"createUser": USER, "pwd": self._password.reveal(), "roles": ["root"]},
                writeConcern={"w": 1},
            )

    def _anonymous(self, index: int) -> Client:
        uri = self._uri([self.addresses[index]], login=False)
        return MongoClient(uri, directConnection=True, **_client_options())

    def _running(self) -> list[int]:
        return [index for index, process in self._members.items() if process.alive]

    def _hello(self, index: int) -> dict[str, Any]:
        try:
            with WireConnection.connect(self.addresses[index], None, 5) as connection:
                return connection.hello
        except MmsError:
            return {}  # a member that is going or coming has no role

    def _is_primary(self, index: int) -> bool:
        return bool(self._hello(index).get("isWritablePrimary"))

    def _all_settled(self) -> int | None:
        """The index of the primary, or None while a running member is not settled."""
        running = self._running()
        if not all(any(map(self._hello(index).get, SETTLED)) for index in running):
            return None
        primary = self._writable()
        return primary if primary is not None and self._sees_settled(primary, running) else None

    def _sees_settled(self, primary: int, members: Sequence[int]) -> bool:
        try:
            with self.member_client(primary) as client:
                status = client.admin.command("replSetGetStatus")
        except PyMongoError:
            return False  # it has just stepped down: asked again
        states = {member["_id"]: member["stateStr"] for member in status["members"]}
        return all(states.get(index) in SETTLED_STATES for index in members)

    def _writable(self, excluded: int | None = None) -> int | None:
        for index in self._running():
            if index != excluded and self._is_primary(index):
                return index
        return None

    def _wait(self, found: Any, what: str) -> int:
        deadline = self._clock.monotonic() + PRIMARY_SECONDS_MAX
        while (index := found()) is None:
            if self._clock.monotonic() > deadline:
                raise MongodFailed(f"did not get {what}", where=str(self.folder))
            self._clock.sleep(POLL_SECONDS)
        return int(index)


def _all_at_once(act: Callable[[int], None], members: Collection[int]) -> None:
    """Of each member; each takes its time, and needs no processor for most of it."""
    with ThreadPoolExecutor(max(1, len(members))) as pool:
        list(pool.map(act, members))


def _client_options() -> dict[str, Any]:
    return {
        "tz_aware": True,
        "serverSelectionTimeoutMS": 60_000,
        "connectTimeoutMS": 10_000,
        "socketTimeoutMS": 60_000,
    }


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody has now."""
    with ExitStack() as kept:
        return sorted(kept.enter_context(kept_port()).getsockname()[1] for _ in range(count))


def kept_port() -> socket.socket:
    """A free port of 127.0.0.1: until the socket is closed, nobody who looks for one is given it.

    A mongod can listen there meanwhile.
    """
    while True:
        kept = socket.socket()
        try:
            kept.bind(("127.0.0.1", PORTS[secrets.randbelow(len(PORTS))]))
        except OSError:  # somebody has it
            kept.close()
            continue
        # From now on it is shared with who asks for that as well, as a mongod does.
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return kept

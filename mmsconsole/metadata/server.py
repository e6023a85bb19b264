"""The private metadata database: a mongod of the engine's own, which it supervises.

A replica set of one member that listens on a unix socket only, in a folder that only the
engine's user can enter. In `home.metadata`: the database (db/), the keyFile and the
credentials. The set has the socket's path as its member's name; when the home has moved, the
path is another and the set is told so.
"""

import logging
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from mmsconsole.clock import Clock
from mmsconsole.durable import make_folders
from mmsconsole.errors import MetadataError, MongodFailed
from mmsconsole.metadata.binary import remember
from mmsconsole.metadata.connect import private_client, socket_of
from mmsconsole.metadata.credentials import (
    CREDENTIALS_FILE,
    KEY_FILE,
    Credentials,
    load_credentials,
    make_credentials,
)
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.settings import Home

log = logging.getLogger(__name__)

SET_NAME = "mmsconsole"
DATABASE_FOLDER = "db"
LOG_FILE = "metadata-mongod.log"
CACHE_GB = 0.25
OPLOG_MB = 128
FLAGS = ("--setParameter", "diagnosticDataCollectionEnabled=false")

START_SECONDS = 60
PRIMARY_SECONDS = 30
POLL_SECONDS = 0.02

AUTHENTICATION_FAILED = 18
ALREADY_INITIALIZED = 23
NOT_YET_INITIALIZED = 94

Client = MongoClient[dict[str, Any]]


class PrivateServer:
    """start(), check() now and then, stop(). Not for two threads at once."""

    def __init__(self, home: Home, binary: MongodBinary, clock: Clock) -> None:
        self._home = home
        self._binary = binary
        self._clock = clock
        self._socket = socket_of(home)
        self._process: MongodProcess | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int | None:
        """Of the mongod."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Returns when the database can be written to, with what was in it before.

        Raises MongodFailed if it does not come up, MetadataError if it does not let us in.
        """
        for folder in (self._home.metadata, self._home.run, self._home.logs):
            make_folders(folder)
        self._start(self._credentials())

    def _start(self, credentials: Credentials) -> None:
        self._process = MongodProcess.start(
            self._options(), self._clock, timeout_seconds=START_SECONDS
        )
        try:
            self._make_ready(credentials)
        except BaseException:
            self.stop()
            raise

    def check(self) -> bool:
        """Start it again if it has died; True if that was so."""
        if self.alive:
            return False
        why = self._process.why_it_ended() if self._process else "it did not start"
        log.error("the metadata database: %s: starting it again", why)
        self.stop()
        self._start(self._known_credentials())
        return True

    def stop(self, timeout_seconds: float = 25) -> None:
        if self._process is not None:
            self._process.stop(timeout_seconds)
            self._process = None

    def _credentials(self) -> Credentials:
        folder = self._home.metadata
        found = load_credentials(folder)
        if found is not None:
            return found
        if (folder / DATABASE_FOLDER).exists():
            what = "is missing, and without it nobody can enter the metadata database beside it"
            where = str(folder / CREDENTIALS_FILE)
            raise MetadataError(what, where=where, hint="put back a copy of it")
        remember(folder, self._binary.version)
        return make_credentials(folder)

    def _known_credentials(self) -> Credentials:
        """Of the database that ran until now: an empty one must never take its place."""
        found = load_credentials(self._home.metadata)
        if found is None or not (self._home.metadata / DATABASE_FOLDER).exists():
            what = "the files of the metadata database are gone: is its disk still mounted?"
            raise MetadataError(what, where=str(self._home.metadata))
        return found

    def _options(self) -> MongodOptions:
        dbpath = self._home.metadata / DATABASE_FOLDER
        make_folders(dbpath)
        return MongodOptions(
            binary=self._binary.path,
            dbpath=dbpath,
            listen=Address.unix(self._socket),
            log=self._home.logs / LOG_FILE,
            cache_gb=CACHE_GB,
            repl_set=SET_NAME,
            key_file=self._home.metadata / KEY_FILE,
            oplog_mb=OPLOG_MB,
            extra=FLAGS,
        )

    @metadata_errors()
    def _make_ready(self, credentials: Credentials) -> None:
        with private_client(self._socket, credentials) as client:
            if not _lets_in(client):
                self._make_set(credentials)
            self._wait_until_primary(client, lambda: _follow_move(client, str(self._socket)))

    def _make_set(self, credentials: Credentials) -> None:
        """Of a new database, or of one whose first start was cut short.

        Until a first user exists, mongod lets a nobody who comes by its socket do these two
        things (its localhost exception).
        """
        with private_client(self._socket, None) as nobody:
            _initiate(nobody, str(self._socket))
            self._wait_until_primary(nobody, lambda: None)
            nobody.admin.command(
                "createUser",
                credentials.user,
                pwd=credentials.password.reveal(),
                roles=["root"],
                mechanisms=["SCRAM-SHA-256"],
                writeConcern={"w": "majority", "j": True},
            )

    def _wait_until_primary(self, client: Client, meanwhile: Callable[[], None]) -> None:
        deadline = self._clock.monotonic() + PRIMARY_SECONDS
        while not client.admin.command("hello")["isWritablePrimary"]:
            if self._clock.monotonic() > deadline:
                what = f"the metadata database was not writable within {PRIMARY_SECONDS} s"
                raise MongodFailed(what, where=str(self._home.logs / LOG_FILE))
            meanwhile()
            self._clock.sleep(POLL_SECONDS)


def _lets_in(client: Client) -> bool:
    try:
        client.admin.command("ping")
    except OperationFailure as error:
        if error.code == AUTHENTICATION_FAILED:
            return False
        raise
    return True


def _initiate(nobody: Client, host: str) -> None:
    members = [{"_id": 0, "host": host}]
    try:
        nobody.admin.command("replSetInitiate", {"_id": SET_NAME, "members": members})
    except OperationFailure as error:
        if error.code != ALREADY_INITIALIZED:
            raise


def _follow_move(client: Client, host: str) -> None:
    """Tell the set its member's new name, if the socket's path is no longer the old one.

    Forced: with the old name the member does not find itself in the configuration, and the set
    has no primary to agree with.
    """
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == NOT_YET_INITIALIZED:
            return  # it has only just started and not yet read its configuration
        raise
    member = config["members"][0]
    if member["host"] == host:
        return
    log.info("the metadata database has moved from %s to %s", member["host"], host)
    member["host"] = host
    config["version"] += 1
    client.admin.command("replSetReconfig", config, force=True)

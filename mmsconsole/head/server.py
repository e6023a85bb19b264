"""A head's mongod: where it lies, how it starts, and its featureCompatibilityVersion."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from mmsconsole.clock import Clock
from mmsconsole.durable import make_folders
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary, Version
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from mmsconsole.mongod.wire import WireConnection

START_TIMEOUT_SECONDS = 600
"""A head that was killed replays its journal first."""

STOP_TIMEOUT_SECONDS = 20
COMMAND_TIMEOUT_SECONDS = 3600
"""One applyOps or createIndexes on a head may rightly take very long."""


@dataclass(frozen=True, slots=True)
class HeadPlace:
    """Everything needed to start the mongod of one dbpath of ours."""

    dbpath: Path
    socket: Path
    log: Path
    binary: MongodBinary
    cache_gb: float


class HeadServer:
    def __init__(
        self, process: MongodProcess, client: MongoClient[dict[str, Any]], version: Version
    ) -> None:
        self.process = process
        self.client = client
        self._version = version

    @classmethod
    def start(cls, place: HeadPlace, clock: Clock) -> "HeadServer":
        """Raises MongodFailed with the reason from its log."""
        make_folders(place.dbpath)
        make_folders(place.log.parent)
        options = MongodOptions(
            binary=place.binary.path,
            dbpath=place.dbpath,
            listen=Address.unix(place.socket),
            log=place.log,
            cache_gb=place.cache_gb,
            extra=HEAD_FLAGS,
        )
        process = MongodProcess.start(options, clock, timeout_seconds=START_TIMEOUT_SECONDS)
        client = process.client(socketTimeoutMS=COMMAND_TIMEOUT_SECONDS * 1000)
        return cls(process, client, place.binary.version)

    @property
    def alive(self) -> bool:
        return self.process.alive

    def connect(self) -> WireConnection:
        """A raw connection for the hot path; the caller closes it."""
        listen = self.process.options.listen
        return WireConnection.connect(listen, None, timeout_seconds=COMMAND_TIMEOUT_SECONDS)

    def set_fcv(self, fcv: str) -> None:
        """A fresh standalone takes the newest version of its binary; the source may be older."""
        admin = self.client.admin
        found = admin.command("getParameter", 1, featureCompatibilityVersion=1)
        if found["featureCompatibilityVersion"]["version"] == fcv:
            return
        command: dict[str, Any] = {"setFeatureCompatibilityVersion": fcv}
        if self._version >= (7, 0):
            command["confirm"] = True
        admin.command(command)

    def stop(self) -> None:
        self.client.close()
        self.process.stop(timeout_seconds=STOP_TIMEOUT_SECONDS)


ServerStarter = Callable[[HeadPlace], HeadServer]

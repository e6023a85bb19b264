"""python -m tests.support.engine_process: an engine whose daemon keeps one idle head."""

import sys

from mmsconsole.clock import Clock
from mmsconsole.engine.__main__ import main
from mmsconsole.engine.parts import EngineParts
from mmsconsole.metadata.database import Metadata
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.settings import Settings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.storages import open_storages


class OneIdleHead:
    """As the daemon: it has a mongod below the heads' folder."""

    failure: Exception | None = None

    def __init__(
        self,
        settings: Settings,
        metadata: Metadata,
        storage: Storage,
        clock: Clock,
        binaries: list[MongodBinary],
        engine_id: str,
    ) -> None:
        folder = settings.head_folders[0]
        self.options = MongodOptions(
            binary=binaries[-1].path,
            dbpath=folder / "idle",
            listen=Address.unix(settings.home.run / "idle.sock"),
            log=settings.home.logs / "idle.log",
        )
        self.clock = clock

    def start(self) -> None:
        self.head = MongodProcess.start(self.options, self.clock)

    def stop(self, timeout_seconds: float) -> None:
        self.head.stop(timeout_seconds)


def make_parts(settings: Settings, clock: Clock) -> EngineParts:
    return EngineParts(settings, clock, open_storages, OneIdleHead)


if __name__ == "__main__":
    sys.exit(main(make_parts))
